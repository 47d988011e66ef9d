package quota_test

import (
	"testing"

	"github.com/callvault/callvault/extract/quota"
)

// The cost of a request at a rate that does not delay it.
func BenchmarkWait(b *testing.B) {
	l := quota.New(quota.Options{PerSecond: 1e9})
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Wait(b.Context(), action, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWaitContended(b *testing.B) {
	l := quota.New(quota.Options{PerSecond: 1e9})
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := l.Wait(b.Context(), action, 0); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkEnter(b *testing.B) {
	l := quota.New(quota.Options{PerSecond: 1e9, Budget: quota.NewBudget(1 << 30)})
	b.ReportAllocs()
	for b.Loop() {
		pass, err := l.Enter(b.Context(), action, 0, 1<<20)
		if err != nil {
			b.Fatal(err)
		}
		pass.Sent()
		pass.Done()
	}
}

// 10 000 a second in real time: the cost of one includes the sleeping.
func BenchmarkWaitAtRate(b *testing.B) {
	l := quota.New(quota.Options{PerSecond: 10_000})
	for b.Loop() {
		if err := l.Wait(b.Context(), action, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
