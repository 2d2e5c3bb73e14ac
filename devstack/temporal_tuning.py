"""Switches of the embedded server: without them it is several times slower and ignores priorities."""

NAMESPACE_REFRESH_SECONDS = 0.5

# As shipped, the dev server asks its one shard's queues for work 20 times a second, which costs every step of a
# workflow 40 ms twice. Values are JSON, as the program wants them.
TUNING: dict[str, str] = {
    "history.transferProcessorMaxPollRPS": "2000",
    "history.timerProcessorMaxPollRPS": "2000",
    "history.visibilityProcessorMaxPollRPS": "2000",
    # The next activity is returned with the response that scheduled it, without the task queue.
    "system.enableActivityEagerExecution": "true",
    # Both on by default since 1.29 or before; set here because a benchmark and the inbox rely on them.
    "system.enableEagerWorkflowStart": "true",
    "frontend.enableUpdateWorkflowExecution": "true",
    # Priority and fairness between requests need both; without them a task queue is first come, first served.
    "matching.useNewMatcher": "true",
    "matching.enableFairness": "true",
    # With one partition the queue's order covers all its tasks, not a quarter of them.
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    # How soon a new retention reaches the part of the server that schedules deletions.
    "system.namespaceCacheRefreshInterval": f'"{NAMESPACE_REFRESH_SECONDS}s"',
}
