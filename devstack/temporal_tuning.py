"""The switches without which the embedded server is several times slower and knows no priorities."""

NAMESPACE_REFRESH_SECONDS = 0.5

# As shipped, the dev server asks its one shard's queues for work 20 times a second, which costs every step of a
# workflow 40 ms twice. Values are JSON, as the program wants them.
TUNING: dict[str, str] = {
    "history.transferProcessorMaxPollRPS": "2000",
    "history.timerProcessorMaxPollRPS": "2000",
    "history.visibilityProcessorMaxPollRPS": "2000",
    # The next activity rides back on the answer that asked for it, without a turn through the task queue.
    "system.enableActivityEagerExecution": "true",
    # Both on by default since 1.29 or before; said here because a benchmark and the inbox rely on them.
    "system.enableEagerWorkflowStart": "true",
    "frontend.enableUpdateWorkflowExecution": "true",
    # Priority and fairness between requests need both; without them a task queue is first come, first served.
    "matching.useNewMatcher": "true",
    "matching.enableFairness": "true",
    # One partition makes a queue's order the order of all its tasks, not of a quarter of them.
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    # How soon a new retention reaches the part of the server that schedules deletions.
    "system.namespaceCacheRefreshInterval": f'"{NAMESPACE_REFRESH_SECONDS}s"',
}
