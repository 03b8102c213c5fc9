"""A cluster comes back after kill -9, whoever was its parent."""

import os
import signal
import time

import psutil

from brokerage.config.postgres import Cluster


def test_a_killed_server_that_nobody_has_reaped_does_not_keep_its_place(fresh_cluster: Cluster) -> None:
    fresh_cluster.stop("immediate")
    held = fresh_cluster._launch()
    while not fresh_cluster.answers():
        time.sleep(0.1)
    doomed = [psutil.Process(held.pid), *psutil.Process(held.pid).children()]
    for process in doomed:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(doomed[1:], timeout=30)
    assert psutil.Process(held.pid).status() == psutil.STATUS_ZOMBIE
    fresh_cluster.start()
    assert fresh_cluster.pid() != held.pid
    held.wait()
