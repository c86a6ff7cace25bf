package versus

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
)

// chart is a picture: values of several series at places along the bottom.
type chart struct {
	title, unit string
	places      []string
	series      []series
	lines       bool // else bars
}

// series is one contender's values; NaN where there is none.
type series struct {
	name   string
	colour string
	values []float64
}

const (
	width, height      = 920, 420
	left, right        = 60, 20
	top, bottom        = 80, 60
	ticks              = 5
	barShare           = 0.8 // of the room of a place
	plotWide, plotHigh = width - left - right, height - top - bottom
)

// svg draws the chart. It is a picture of its own, legible on white and on
// black, and needs no font but the system's.
func (c chart) svg() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label=%q font-family="system-ui,sans-serif" font-size="13">`+"\n", width, height, html.EscapeString(c.title))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	c.text(&b, left, 24, "start", `font-size="16" font-weight="600"`, c.title)
	x := left
	for _, s := range c.series {
		fmt.Fprintf(&b, `<rect x="%d" y="40" width="12" height="12" rx="2" fill="%s"/>`+"\n", x, s.colour)
		c.text(&b, float64(x+18), 51, "start", "", s.name)
		x += 40 + 8*len([]rune(s.name))
	}
	most := c.most()
	for i := range ticks + 1 {
		v := most * float64(i) / ticks
		y := c.y(v, most)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#d0d4da"/>`+"\n", left, y, width-right, y)
		c.text(&b, left-8, y+4, "end", "", strconv.FormatFloat(v, 'g', 3, 64))
	}
	c.text(&b, left-8, top-12, "end", "", c.unit)
	room := float64(plotWide) / float64(max(1, len(c.places)))
	for i, p := range c.places {
		c.text(&b, left+room*(float64(i)+0.5), height-bottom+20, "middle", "", p)
	}
	if c.lines {
		c.drawLines(&b, room, most)
	} else {
		c.drawBars(&b, room, most)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (chart) text(b *strings.Builder, x, y float64, anchor, more, what string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="#20242a" %s>%s</text>`+"\n", x, y, anchor, more, html.EscapeString(what))
}

func (chart) y(v, most float64) float64 { return top + plotHigh*(1-v/most) }

// most is the top of the scale: the next round number above every value.
func (c chart) most() float64 {
	m := 0.0
	for _, s := range c.series {
		for _, v := range s.values {
			if !math.IsNaN(v) {
				m = max(m, v)
			}
		}
	}
	if m == 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(m)))
	for _, k := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10} {
		if m <= k*unit {
			return k * unit
		}
	}
	return 10 * unit
}

func (c chart) drawBars(b *strings.Builder, room, most float64) {
	wide := room * barShare / float64(max(1, len(c.series)))
	for k, s := range c.series {
		for i, v := range s.values {
			if math.IsNaN(v) {
				continue
			}
			x := left + room*(float64(i)+(1-barShare)/2) + wide*float64(k)
			y := c.y(v, most)
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"><title>%s, %s: %.2f %s</title></rect>`+"\n", x, y, wide-1, top+plotHigh-y, s.colour, html.EscapeString(s.name), html.EscapeString(c.places[i]), v, html.EscapeString(c.unit))
		}
	}
}

func (c chart) drawLines(b *strings.Builder, room, most float64) {
	for _, s := range c.series {
		var points []string
		for i, v := range s.values {
			if math.IsNaN(v) {
				continue
			}
			x, y := left+room*(float64(i)+0.5), c.y(v, most)
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"><title>%s, %s: %.2f %s</title></circle>`+"\n", x, y, s.colour, html.EscapeString(s.name), html.EscapeString(c.places[i]), v, html.EscapeString(c.unit))
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2.5"/>`+"\n", strings.Join(points, " "), s.colour)
	}
}

// colours are told apart by most of those who see colours otherwise.
var colours = map[string]string{Ours: "#0072b2", Coturn: "#d55e00", Pion: "#009e73", Bare: "#767676"}

// plot gathers what the worst round of each contender had, for each of some
// cases.
func (s *Session) plot(title, unit string, lines bool, places []string, figure func(name string, i int) []float64) chart {
	c := chart{title: title, unit: unit, places: places, lines: lines}
	for _, who := range s.Contenders {
		line := series{name: who.Label, colour: colours[who.Name]}
		for i := range places {
			v := math.NaN()
			if all := figure(who.Name, i); len(all) > 0 {
				v = slices.Max(all)
			}
			line.values = append(line.values, v)
		}
		if slices.ContainsFunc(line.values, func(v float64) bool { return !math.IsNaN(v) }) {
			c.series = append(c.series, line)
		}
	}
	return c
}
