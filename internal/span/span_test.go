package span_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/callvault/callvault/internal/span"
)

// BenchmarkOff measures a span without tracing, as for each request and each INSERT.
func BenchmarkOff(b *testing.B) {
	ctx := context.WithValue(b.Context(), b, b)
	for b.Loop() {
		_, s := span.Begin(ctx, "DescribeCallDetailInfo", attribute.String("callvault.action", "DescribeCallDetailInfo"), attribute.Int("callvault.attempt", 1))
		span.End(s, nil)
	}
}
