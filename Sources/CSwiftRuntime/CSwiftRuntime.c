// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CSwiftRuntime.h"

#include <link.h>

static void (*cancellation_callback)(void *context);

void asyncio_set_cancellation_callback(void (*callback)(void *context)) { cancellation_callback = callback; }

ASYNCIO_SWIFT_CALL static void cancelled(void *context ASYNCIO_SWIFT_CONTEXT) { cancellation_callback(context); }

void *asyncio_add_cancellation_handler(void *context) {
  return swift_task_addCancellationHandler(cancelled, context);
}

struct search {
  uintptr_t function;
  struct asyncio_runtime_storage found;
};

// The image with the runtime's function also has the runtime's variables: its library, or a program that contains the
// runtime.
static int look_at_image(struct dl_phdr_info *image, size_t size, void *context) {
  struct search *search = context;
  size_t storage_size = 0;
  int is_runtimes = 0;
  for (int i = 0; i < image->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &image->dlpi_phdr[i];
    if (header->p_type == PT_TLS) storage_size = header->p_memsz;
    if (header->p_type == PT_LOAD && search->function - (image->dlpi_addr + header->p_vaddr) < header->p_memsz) {
      is_runtimes = 1;
    }
  }
  if (!is_runtimes) return 0;
  if (size >= offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof image->dlpi_tls_data && image->dlpi_tls_data) {
    search->found = (struct asyncio_runtime_storage){(uintptr_t)image->dlpi_tls_data, storage_size};
  }
  return 1;
}

struct asyncio_runtime_storage asyncio_runtime_storage(void) {
  (void)swift_task_getCurrent();
  struct search search = {(uintptr_t)swift_task_getCurrent, {0, 0}};
  dl_iterate_phdr(look_at_image, &search);
  return search.found;
}
