# The server. Needs no root, and of its file system only /data and /tmp are written: docs/server.md.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements/runtime.txt requirements/
RUN python -m venv /opt/personae \
    && /opt/personae/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/runtime.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src src
RUN /opt/personae/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin personae \
    && install -d -o personae -g personae -m 700 /data
COPY --from=build /opt/personae /opt/personae
ENV PATH=/opt/personae/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PERSONAE_HOST=0.0.0.0 \
    PERSONAE_PORT=8300 \
    PERSONAE_DATA_FOLDER=/data \
    PERSONAE_LOG_FORMAT=json
USER 10001:10001
VOLUME /data
EXPOSE 8300
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8300/healthz', timeout=4)"]
ENTRYPOINT ["personae"]
CMD ["serve"]
