# The service's image: one stage installs, the other one runs.
#
# The packages are those of requirements.txt at the versions pinned there: nothing that draws boards, makes traffic or
# tests. All of them have wheels, so no stage has a compiler.
ARG PYTHON_IMAGE=python:3.11.14-slim-trixie

FROM ${PYTHON_IMAGE} AS packages
WORKDIR /packages
COPY requirements.txt ./
# Exactly what is pinned: nothing is resolved. The last line fails the build when a pin is missing or two of them disagree.
RUN python -m venv --without-pip /opt/serene \
    && pip --python /opt/serene/bin/python install --no-cache-dir --disable-pip-version-check --only-binary=:all: --no-deps \
        --requirement requirements.txt \
    && pip --python /opt/serene/bin/python check

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="serene" \
      org.opencontainers.image.description="The Serene wellbeing API"
ENV PATH=/opt/serene/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SERENE_HOST=0.0.0.0 \
    SERENE_PORT=8000
WORKDIR /serene
COPY --from=packages /opt/serene /opt/serene
COPY telemetry telemetry
COPY service service
# The folders are for volumes, of log files and of a demo's keys: a new one gets its owner.
RUN python -m compileall -q telemetry service \
    && install -d -o 10001 -g 10001 /var/log/serene /var/lib/serene
# By number, so that Kubernetes' runAsNonRoot can check it; owns nothing else here.
USER 10001:10001
EXPOSE 8000 9464
STOPSIGNAL SIGTERM
# Liveness, not readiness: a database that is away does not make the container sick. At the management ports, which answer
# during a drain too.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-m", "service.liveness_probe"]
ENTRYPOINT ["gunicorn", "--config", "service/gunicorn_conf.py", "service.wsgi:app"]
