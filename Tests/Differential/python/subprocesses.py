# SPDX-License-Identifier: Apache-2.0
"""Child processes: create_subprocess_exec, create_subprocess_shell, and Process."""
import asyncio
from asyncio.subprocess import DEVNULL, PIPE, STDOUT


async def a_child_prints_lines(log):
    child = await asyncio.create_subprocess_exec("printf", "a\\nb\\nc", stdout=PIPE)
    async for line in child.stdout:
        log(line.decode().rstrip("\n"))
    log(str(await child.wait()))


async def communicate_gives_both_outputs(log):
    child = await asyncio.create_subprocess_shell("cat; echo oops >&2; exit 3", stdin=PIPE, stdout=PIPE, stderr=PIPE)
    out, err = await child.communicate(b"input")
    log(f"{out.decode()} {err.decode().strip()} {child.returncode}")


async def standard_error_goes_to_standard_output(log):
    child = await asyncio.create_subprocess_shell("echo a; echo b >&2; echo c", stdout=PIPE, stderr=STDOUT)
    out, err = await child.communicate()
    log(f"{out.decode().split()} {err}")


async def a_terminated_child_has_a_negative_status(log):
    child = await asyncio.create_subprocess_exec("sleep", "60")
    log(str(child.returncode))
    child.terminate()
    log(str(await child.wait()))
    log(str(child.returncode))


async def a_killed_child_has_a_negative_status(log):
    child = await asyncio.create_subprocess_shell("kill -9 $$", stdin=DEVNULL)
    log(str(await child.wait()))


async def waiting_again_gives_the_same(log):
    child = await asyncio.create_subprocess_shell("exit 7")
    log(f"{await child.wait()} {await child.wait()} {child.returncode}")


async def several_tasks_wait_for_one_child(log):
    child = await asyncio.create_subprocess_exec("cat", stdin=PIPE)
    tasks = [asyncio.create_task(child.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    child.stdin.close()
    log(str(await asyncio.gather(*tasks)))


async def a_program_that_does_not_exist(log):
    try:
        await asyncio.create_subprocess_exec("/no/such")
    except FileNotFoundError as error:
        log(f"errno {error.errno}")


async def a_program_that_is_not_executable(log):
    try:
        await asyncio.create_subprocess_exec("/etc/passwd")
    except PermissionError as error:
        log(f"errno {error.errno}")


async def a_directory_that_does_not_exist(log):
    try:
        await asyncio.create_subprocess_exec("true", cwd="/no/where")
    except FileNotFoundError as error:
        log(f"errno {error.errno}")


async def a_child_that_does_not_read_its_input(log):
    child = await asyncio.create_subprocess_exec("true", stdin=PIPE, stdout=PIPE)
    out, err = await child.communicate(b"x" * 1_000_000)
    log(f"{len(out)} {err} {child.returncode}")


async def the_environment_and_the_directory(log):
    child = await asyncio.create_subprocess_shell(
        "echo $NAME; pwd", stdout=PIPE, cwd="/usr", env={"NAME": "value", "PATH": "/bin:/usr/bin"})
    out, _ = await child.communicate()
    log(str(out.decode().split()))


async def a_session_of_its_own(log):
    child = await asyncio.create_subprocess_exec("cat", "/proc/self/stat", stdout=PIPE, start_new_session=True)
    out, _ = await child.communicate()
    fields = out.decode().split(")")[-1].split()
    log(f"{int(fields[2]) == child.pid} {int(fields[3]) == child.pid}")


async def a_signal_to_a_child_that_has_ended(log):
    child = await asyncio.create_subprocess_exec("true")
    await child.wait()
    try:
        child.terminate()
        log("nothing")
    except ProcessLookupError:
        log("ProcessLookupError")
