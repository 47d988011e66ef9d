//go:build browser

package console

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is a tab of a Chromium that speaks English, and all that went wrong in it.
type browser struct {
	context.Context
	t *testing.T

	mu    sync.Mutex
	wrong []string
}

// open starts a browser, which may ask one host alone.
func open(t *testing.T, host string) *browser {
	t.Helper()
	o := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("lang", "en"), chromedp.Flag("accept-lang", "en"), chromedp.WindowSize(1280, 1000))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), o...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(cancel)
	b := &browser{Context: ctx, t: t}
	if err := chromedp.Listen(ctx, func(e any) {
		switch e := e.(type) {
		case *runtime.EventExceptionThrown:
			b.note("exception: %+v", e.ExceptionDetails)
		case *runtime.EventConsoleAPICalled:
			b.note("console: %s %v", e.Type, e.Args)
		case *log.EventEntryAdded:
			b.note("log: %s", e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Host != host {
				b.note("request of %s", e.Request.URL)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	send(b, network.Enable, network.EnableParams{})
	send(b, log.Enable, cdp.Empty{})
	return b
}

func (b *browser) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// send sends a command of the browser's own.
func send[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b, command, params); err != nil {
		b.t.Fatal(err)
	}
}

// value returns what an expression comes to.
func value[T any](b *browser, expression string, o ...chromedp.EvaluateOption) T {
	b.t.Helper()
	v, err := chromedp.Run(b, chromedp.Evaluate[T](expression, o...))
	if err != nil {
		b.t.Fatalf("%.100s: %v", expression, err)
	}
	return v
}

// eval returns what an expression comes to, as text.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	return value[string](b, `String(`+expression+`)`)
}

// until waits until an expression is true, also of a page that is yet to come.
func (b *browser) until(expression string) {
	b.t.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	enough := time.After(time.Minute)
	for {
		if ok, err := chromedp.Run(b, chromedp.Evaluate[bool](`Boolean(`+expression+`)`)); ok && err == nil {
			return
		}
		select {
		case <-look.C:
		case <-enough:
			b.t.Fatalf("never: %s", expression)
		}
	}
}

// TestBrowser finds a call, opens it, looks closer, reads values, hides a line, switches
// the language: in a real browser, with no error and no request of another host.
func TestBrowser(t *testing.T) {
	srv := site(t, Access{})
	b := open(t, strings.TrimPrefix(srv.URL, "http://"))
	b.do(chromedp.Navigate(srv.URL), chromedp.SendKeys(`input[name=q]`, plain+kb.Enter), chromedp.WaitVisible(`table.list`))
	b.do(chromedp.Click(`a[href*="call-bad"]`), chromedp.WaitVisible(`#charts svg.chart`))
	if user := b.eval(`new URLSearchParams(location.search).get("user")`); user != plain {
		t.Errorf("the call shows %q", user)
	}
	if title := b.eval(`document.querySelector("h1 bdi").textContent`); title != hostile {
		t.Errorf("the room is shown as %q", title)
	}
	b.readValues()
	b.do(chromedp.Click(`#charts button.legend`))
	if hidden := b.eval(`document.querySelector("#charts g[data-line]").classList.contains("off")`); hidden != "true" {
		t.Error("a line does not hide")
	}
	b.look()
	b.do(chromedp.Click(`a[hreflang=zh-Hans]`))
	b.until(`document.documentElement.lang === "zh-Hans" && document.body.textContent.includes("谁接收谁")`)
	b.do(chromedp.Click(`.matrix a[href*="pair?"]`), chromedp.WaitVisible(`.pairs.one svg.chart`))
	b.do(chromedp.Click(`a[href="fleet"]`), chromedp.WaitVisible(`svg.share`))
	b.whole(srv.URL)
	if len(b.wrong) > 0 {
		t.Errorf("went wrong:\n%s", strings.Join(b.wrong, "\n"))
	}
}

// readValues points at a chart, and moves with the keyboard.
func (b *browser) readValues() {
	b.t.Helper()
	const read = `document.querySelector("#charts .legend output").textContent`
	b.do(chromedp.ScrollIntoView(`#charts svg.chart`), chromedp.Focus(`#charts svg.chart`), chromedp.KeyEvent(kb.ArrowRight))
	b.until(read + ` !== ""`)
	if at := b.eval(`document.querySelector("#clock").textContent`); !strings.Contains(at, "2026-05-04 15:0") {
		b.t.Errorf("the time pointed at: %q", at)
	}
	if crossed := b.eval(`document.querySelectorAll("svg.chart .cross:not(.off)").length`); crossed == "0" || crossed == "1" {
		b.t.Errorf("%s charts have the line", crossed)
	}
}

// look drags over a chart.
func (b *browser) look() {
	b.t.Helper()
	b.do(chromedp.ScrollIntoView(`#charts svg.chart`))
	box := value[struct{ X, Y, W, H float64 }](b, `(({x, y, width, height}) => ({X: x, Y: y, W: width, H: height}))(document.querySelector("#charts svg.chart").getBoundingClientRect())`)
	y := box.Y + box.H/2
	mouse := func(kind input.DispatchMouseEventType, x float64) chromedp.Action[chromedp.Void] {
		return chromedp.MouseEvent(kind, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1))
	}
	b.do(mouse(input.DispatchMouseEventTypeMousePressed, box.X+box.W/4), mouse(input.DispatchMouseEventTypeMouseMoved, box.X+box.W/2), mouse(input.DispatchMouseEventTypeMouseReleased, box.X+box.W/2))
	b.until(`location.search.includes("from=2026-05-04T15%3A0") && document.querySelector("#charts svg.chart")`)
}

// whole tries pages at the width of a telephone, and without JavaScript.
func (b *browser) whole(base string) {
	b.t.Helper()
	for name, path := range paths() {
		if name == "file" {
			continue
		}
		b.do(chromedp.EmulateViewport(360, 800, chromedp.EmulateMobile), chromedp.Navigate(base+path), chromedp.WaitReady(`footer`))
		if wide := b.eval(`document.documentElement.scrollWidth`); wide != "360" {
			b.t.Errorf("%s is %s wide on a telephone of 360", name, wide)
		}
	}
	b.do(chromedp.ResetViewport())
	send(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.do(chromedp.Navigate(base+paths()["call"]), chromedp.WaitReady(`#charts svg.chart path.avg`), chromedp.WaitVisible(`table.matrix`))
}

// TestBrowserAccess holds all pages against the rules of axe-core, light and dark. None may
// have a serious finding.
func TestBrowserAccess(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(cache, "callvault-browser", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("%v; make test-browser fetches it", err)
	}
	srv := site(t, Access{})
	b := open(t, strings.TrimPrefix(srv.URL, "http://"))
	for _, scheme := range []string{"light", "dark"} {
		for name, path := range paths() {
			if name == "file" {
				continue
			}
			send(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			b.do(chromedp.Navigate(srv.URL+path), chromedp.WaitReady(`footer`))
			b.eval(`document.querySelectorAll("details").forEach((d) => { d.open = true; })`)
			value[int](b, string(axe)+`;0`)
			found := value[[]string](b, `axe.run().then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + " " + n.failureSummary).join(" | ")))`, chromedp.EvalAwaitPromise)
			for _, f := range found {
				t.Errorf("%s, %s: %s", name, scheme, f)
			}
		}
	}
}
