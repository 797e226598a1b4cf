package problem

import (
	"cmp"
	"slices"
)

// point is a place in a picture: pixels from the left and from the top.
type point struct{ x, y float64 }

// polygon is a convex area by its corners, in order around it.
type polygon []point

// convexHull returns the smallest convex area around the points, or nil where
// they have none: fewer than three, or all on a line. It builds the lower and
// the upper side from left to right and drops each corner that turns the wrong
// way.
func convexHull(points []point) polygon {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b point) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) })
	points = slices.Compact(points)
	if len(points) < 3 {
		return nil
	}
	side := func(points []point) polygon {
		var corners polygon
		for _, p := range points {
			for len(corners) > 1 && turn(corners[len(corners)-2], corners[len(corners)-1], p) <= 0 {
				corners = corners[:len(corners)-1]
			}
			corners = append(corners, p)
		}
		return corners[:len(corners)-1] // where the other side begins
	}
	hull := side(points)
	slices.Reverse(points)
	hull = append(hull, side(points)...)
	if len(hull) < 3 {
		return nil
	}
	return hull
}

// turn is positive where the way from a by b to c turns to one side, negative
// for the other, and zero for a straight one.
func turn(a, b, c point) float64 { return (b.x-a.x)*(c.y-a.y) - (b.y-a.y)*(c.x-a.x) }

// holds reports whether a point lies inside; the edge does not belong to the
// area, as in Open edX.
func (p polygon) holds(at point) bool {
	for i, corner := range p {
		if turn(corner, p[(i+1)%len(p)], at) <= 0 {
			return false
		}
	}
	return len(p) > 0
}
