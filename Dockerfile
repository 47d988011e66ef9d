# The archiver alone: it stores into the ClickHouse that CLICKHOUSE_DSN names.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /callvault ./cmd/callvault && mkdir /state

# base, not static: the binary is linked with the C library, for the embedded
# ClickHouse, which this image does not contain.
FROM gcr.io/distroless/base-debian12:nonroot
COPY --from=build /callvault /usr/bin/callvault
# When schedules last ran; all else is in ClickHouse. 65532 is nonroot.
COPY --from=build --chown=65532:65532 /state /var/lib/callvault
ENV CALLVAULT_LISTEN=0.0.0.0:9464 CALLVAULT_DATA_DIR=/var/lib/callvault
VOLUME /var/lib/callvault
EXPOSE 9464
ENTRYPOINT ["/usr/bin/callvault"]
CMD ["serve"]
