"""Entry of the command line: signals and errors become one sentence with a remedy and an exit code, never a traceback.

Only the standard library is imported before the signals are ours; the commands themselves are in :mod:`api.commands`.
"""

from __future__ import annotations

import logging
import os
import sys

from api import interrupts

INTERRUPTED, TERMINATED, REFUSED = 130, 143, 2


def main() -> None:
    """Run the command line and exit.

    Exit codes: 0 done, 2 refused with a remedy, 130 interrupted (Ctrl-C), 143 terminated.
    """
    interrupts.watch()
    try:
        code = _run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SystemExit as stop:  # the command line's own way to end, also after an interrupt
        if stop.code != INTERRUPTED:
            raise
        code = INTERRUPTED
    if code == INTERRUPTED:
        interrupts.ignore()  # a second one must not spoil the farewell
        _farewell()
        # Not sys.exit: an interrupt inside exec() makes CPython kill itself at exit, and worker threads would be waited for.
        os._exit(TERMINATED if interrupts.terminated() else INTERRUPTED)
    sys.exit(code)


def _run() -> int:
    from api.console import Console
    from geo.errors import EnvironmentProblem, RiskMapError

    try:
        from api import ingestcommands, ledgercommands, qualitycommands, storecommands  # noqa: F401  (register their commands)
        from api.commands import app

        app(prog_name="riskmap")
    except RiskMapError as error:
        Console.now().fail(error)
        return REFUSED
    except OSError as error:
        what = f"{error.filename}：{error.strerror}" if error.filename else str(error.strerror or error)
        Console.now().fail(EnvironmentProblem(
            f"系统拒绝了操作：{what}", f"the system refused: {what}", remedy_zh="请检查磁盘空间、路径与权限。",
            remedy_en="Check disk space, paths and permissions.",
        ))
        return REFUSED
    return 0


def _farewell() -> None:
    from api.console import Console

    logging.shutdown()
    Console.now().note("已中断；已发布的图与已载入的数据保持不变，再次运行会接着做。",
                       "Interrupted. What was published and loaded stays; run it again to go on.")


if __name__ == "__main__":
    main()
