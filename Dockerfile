# The endpoint with its compiled dataset: no compiler, no Java, no test tools, not root.
#   docker build -t polcoop . && docker run --rm -p 8000:8000 --read-only --tmpfs /tmp polcoop

# The query editor's files; the server takes them only if they have the hashes that it knows.
FROM node:22-slim AS yasgui
WORKDIR /yasgui
RUN npm pack --silent @zazuko/yasgui@4.6.2
RUN tar -xzf zazuko-yasgui-4.6.2.tgz --strip-components=2 package/build/yasgui.min.js package/build/yasgui.min.css

FROM python:3.12-slim AS build
WORKDIR /polcoop
RUN python3 -m venv .venv
COPY requirements/build.txt requirements/core.txt requirements/
RUN .venv/bin/pip install --require-hashes --only-binary :all: -r requirements/build.txt
RUN .venv/bin/pip install --require-hashes --only-binary :all: -r requirements/core.txt
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE LICENSE-DATA catalogue.ttl ./
COPY server server
COPY ontology ontology
COPY instances instances
COPY shapes shapes
COPY queries queries
RUN .venv/bin/pip install --no-deps --no-build-isolation .
RUN .venv/bin/polcoop compile

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /polcoop polcoop
WORKDIR /polcoop
COPY --from=build /polcoop/.venv .venv
COPY --from=build /polcoop/build/dataset build/dataset
COPY --from=yasgui /yasgui/yasgui.min.js /yasgui/yasgui.min.css build/yasgui/
USER 10001
# The rest may be read-only. Mount a volume there to keep the answers of other endpoints.
ENV POLCOOP_HOST=0.0.0.0 POLCOOP_PORT=8000 POLCOOP_ACCESS_LOG=- POLCOOP_FEDERATION_CACHE=/tmp/polcoop/federation.sqlite
EXPOSE 8000
HEALTHCHECK --start-period=30s --interval=15s --timeout=5s \
    CMD [".venv/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready')"]
CMD [".venv/bin/polcoop", "serve"]
