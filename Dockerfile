# One image for server, keeper and ranks: the self-contained program that `./dev image` publishes, on a small base that users may choose.
# The base needs apt and glibc 2.36 or newer (Debian 12, Ubuntu 24.04); nothing of .NET has to be in it.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates curl libgomp1 libstdc++6 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home --home-dir /var/lib/lineage --shell /usr/sbin/nologin lineage \
 && install -d -o lineage -g lineage /var/lib/lineage/state /var/lib/lineage/store
COPY artifacts/image/ /opt/lineage/
# Text to train the demo on.
COPY docs/ /opt/lineage/corpus/
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
    LINEAGE_STATE=/var/lib/lineage/state \
    LINEAGE_STORE=/var/lib/lineage/store
USER lineage
WORKDIR /var/lib/lineage
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/lineage/lineage"]
CMD ["--help"]
