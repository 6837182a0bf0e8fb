// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ThreadBacktraces

@Suite struct PrologueTests {
  private let push: [UInt8] = [0x55]  // push %rbp
  private let set: [UInt8] = [0x48, 0x89, 0xe5]  // mov %rsp, %rbp

  @Test func `a function without variables has its frame pointer where its stack ends`() {
    #expect(Prologue(push + set).framePointerDistance == 0)
    #expect(Prologue([0xf3, 0x0f, 0x1e, 0xfa] + push + set).framePointerDistance == 0)
  }

  @Test func `registers that are pushed and room for variables are below the frame pointer`() {
    let registers: [UInt8] = [0x41, 0x57, 0x41, 0x56, 0x53]  // push %r15, %r14, %rbx
    #expect(Prologue(push + set + registers).framePointerDistance == 24)
    #expect(Prologue(push + set + registers + [0x48, 0x83, 0xec, 0x28]).framePointerDistance == 64)
    #expect(Prologue(push + set + [0x48, 0x81, 0xec, 0x10, 0x02, 0, 0]).framePointerDistance == 528)
    #expect(Prologue(push + set + [0x48, 0x83, 0xc4, 0x80]).framePointerDistance == 128)
  }

  @Test func `an async function has its context below its frame record`() {
    // push %rbp; push %r14; lea 8(%rsp), %rbp; sub $0x18, %rsp
    let code: [UInt8] = [0x55, 0x41, 0x56, 0x48, 0x8d, 0x6c, 0x24, 0x08, 0x48, 0x83, 0xec, 0x18]
    #expect(Prologue(code).framePointerDistance == 32)
  }

  @Test func `what follows the prologue is not counted`() {
    // mov %rdi, -8(%rbp); push %rax
    #expect(Prologue(push + set + [0x48, 0x89, 0x7d, 0xf8, 0x50]).framePointerDistance == 0)
  }

  @Test func `an aligned stack and a function without frame pointer are searched`() {
    #expect(Prologue(push + set + [0x48, 0x83, 0xe4, 0xe0]).framePointerDistance == nil)
    #expect(Prologue([0x48, 0x83, 0xec, 0x08]).framePointerDistance == nil)
    #expect(Prologue([]).framePointerDistance == nil)
  }

  @Test(arguments: 0..<16)
  func `code that ends within an instruction is not a fault`(length: Int) {
    let code = push + set + [0x41, 0x57, 0x48, 0x81, 0xec, 0x10, 0x02, 0, 0, 0x48]
    _ = Prologue(Array(code.prefix(length)))
  }
}
