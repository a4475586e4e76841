# Production: one image for web, worker and beat; docker-compose.yml says which is which.

FROM python:3.13-slim AS libraries
WORKDIR /srv
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DEBUG=0
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin cloud-depot
COPY --from=libraries /venv /venv
WORKDIR /srv/cloud-depot
COPY manage.py docker/gunicorn.conf.py ./
COPY cloud_depot cloud_depot
COPY tenants tenants
COPY faults faults
COPY syncing syncing
COPY support support
COPY templates templates
COPY static static
# The settings ask for these; collecting the static files uses none of them.
RUN SECRET_KEY=build FIELD_ENCRYPTION_KEYS=build DATABASE_URL=postgres://build/build REDIS_URL=redis://build \
    python manage.py collectstatic --no-input --verbosity 0
USER cloud-depot
EXPOSE 8000
CMD ["gunicorn", "cloud_depot.wsgi"]
