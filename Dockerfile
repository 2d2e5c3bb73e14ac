# One image for the worker and the stand-ins; which of them it is, docker-compose.yml says.
FROM python:3.12.12-slim-bookworm

# What the desks' classifiers learned is kept in the volume.
ENV PYTHONUNBUFFERED=1 XDG_CACHE_HOME=/var/lib/dispatch-desk/cache
WORKDIR /app

# Before the code, so that a change of code does not install everything anew.
COPY requirements.lock .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary=:all: -r requirements.lock

# The volume takes its owner from here: without this folder it would belong to root and the desk could not write it.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin desk \
    && install --directory --mode=700 --owner=desk --group=desk /var/lib/dispatch-desk

COPY activities activities
COPY channels channels
COPY cli cli
COPY desks desks
COPY devstack devstack
COPY dispatch dispatch
COPY examples examples
COPY inbox inbox
COPY runtime runtime
COPY workflows workflows
COPY *.py ./

# The command that status and mails tell people to type.
RUN printf '#!/bin/sh\nexec python -P -c "import sys; sys.path.insert(0, sys.argv.pop(1)); from cli.commands import main; sys.exit(main())" /app "$@"\n' > /usr/local/bin/dispatch && chmod 755 /usr/local/bin/dispatch

# The desk may not write here: uncompiled, every start and the sandbox of every workflow would compile anew.
RUN python -m compileall -q .

USER desk
CMD ["python", "worker.py"]
