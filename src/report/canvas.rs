//! The only file that knows plotters: lines, shapes and text in pixels in, an
//! SVG document out. Layout is ours, because plotters estimates the width of
//! text and has no legend outside the plot area; so are the titles that a
//! browser shows over a point, which its backend cannot write.
//!
//! plotters draws on whole pixels. The document is therefore drawn larger than
//! it is shown, which leaves lines smooth when a picture is enlarged.

use std::fmt::Write as _;

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::text::{FONT_FAMILY, Weight, escaped, printable};

/// Drawn units in one pixel.
const SCALE: f64 = 8.0;

/// plotters takes a font size for a height of letters and divides by this.
const PLOTTERS_FONT_RATIO: f64 = 1.24;

/// Red, green, blue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

impl Color {
    /// Mixed with white: what stands behind.
    pub(super) fn tint(self) -> Self {
        let mix = |it: u8| (u16::from(it) * 2 / 5 + 153) as u8;
        Self(mix(self.0), mix(self.1), mix(self.2))
    }
}

/// The shape of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Marker {
    /// A filled disc.
    Circle,
    /// A filled square.
    Square,
    /// A filled triangle on its base.
    Triangle,
    /// A filled square on its corner.
    Diamond,
    /// A circle.
    Ring,
    /// A filled triangle on its top.
    Inverted,
    /// Two diagonal strokes.
    Cross,
    /// Two upright strokes.
    Plus,
}

/// The pattern of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dash {
    /// Without gaps.
    Solid,
    /// Long strokes.
    Long,
    /// Short strokes.
    Short,
}

/// Where a text stands to its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// How a text looks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Font {
    /// In pixels.
    pub(super) size: f64,
    /// Its cut.
    pub(super) weight: Weight,
    /// Its colour.
    pub(super) color: Color,
}

/// A place in pixels from the upper left corner.
pub(super) type Place = (f64, f64);

/// A sheet to draw on. Text is put on it with its vertical middle at the place.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    titles: String,
}

/// Draws a document of `width` by `height` pixels; `label` is read to those who
/// do not see it.
pub(super) fn document(width: f64, height: f64, label: &str, draw: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut svg = String::new();
    let size = (units(width) as u32, units(height) as u32);
    let titles = {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE).expect("a string takes any text");
        let mut canvas = Canvas { area, titles: String::new() };
        draw(&mut canvas);
        canvas.area.present().expect("a string takes any text");
        canvas.titles
    };
    let body = svg.split_once(">\n").expect("plotters opens the document").1;
    let body = body.trim_end().strip_suffix("</svg>").expect("plotters closes the document");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{body}{titles}</svg>\n",
        size.0,
        size.1,
        escaped(label),
    )
}

impl Canvas<'_> {
    /// A line through `points`. Fewer than two draw nothing.
    pub(super) fn line(&mut self, points: &[Place], color: Color, width: f64, dash: Dash) {
        let points: Vec<(i32, i32)> = points.iter().map(|&it| place(it)).collect();
        if points.len() < 2 {
            return;
        }
        let style = rgb(color).stroke_width(units(width) as u32);
        let strokes = match dash {
            Dash::Solid => None,
            Dash::Long => Some((8.0, 4.0)),
            Dash::Short => Some((2.5, 2.5)),
        };
        match strokes {
            None => self.area.draw(&PathElement::new(points, style)),
            Some((stroke, gap)) => {
                self.area.draw(&DashedPathElement::new(points, units(stroke), units(gap), style))
            }
        }
        .expect("a string takes any text");
    }

    /// A filled area within `corners`.
    pub(super) fn area(&mut self, corners: &[Place], color: Color, opacity: f64) {
        let corners: Vec<(i32, i32)> = corners.iter().map(|&it| place(it)).collect();
        self.area
            .draw(&Polygon::new(corners, rgb(color).mix(opacity).filled()))
            .expect("a string takes any text");
    }

    /// A filled rectangle between two corners.
    pub(super) fn rectangle(&mut self, upper_left: Place, lower_right: Place, color: Color, opacity: f64) {
        let corners = [place(upper_left), place(lower_right)];
        self.area
            .draw(&Rectangle::new(corners, rgb(color).mix(opacity).filled()))
            .expect("a string takes any text");
    }

    /// A point of about `radius` pixels.
    pub(super) fn point(&mut self, at: Place, radius: f64, color: Color, marker: Marker) {
        let (x, y) = at;
        let corner = |dx: f64, dy: f64| (x + dx * radius, y + dy * radius);
        match marker {
            Marker::Circle => self.disc(at, radius, rgb(color).filled()),
            Marker::Ring => {
                self.disc(at, radius, WHITE.filled());
                self.disc(at, radius, rgb(color).stroke_width(units(1.8) as u32));
            }
            Marker::Square => self.rectangle(corner(-0.9, -0.9), corner(0.9, 0.9), color, 1.0),
            Marker::Triangle => {
                self.area(&[corner(-1.1, 0.8), corner(1.1, 0.8), corner(0.0, -1.1)], color, 1.0);
            }
            Marker::Inverted => {
                self.area(&[corner(-1.1, -0.8), corner(1.1, -0.8), corner(0.0, 1.1)], color, 1.0);
            }
            Marker::Diamond => {
                let corners = [corner(-1.2, 0.0), corner(0.0, -1.2), corner(1.2, 0.0), corner(0.0, 1.2)];
                self.area(&corners, color, 1.0);
            }
            Marker::Cross => {
                self.line(&[corner(-0.9, -0.9), corner(0.9, 0.9)], color, 2.2, Dash::Solid);
                self.line(&[corner(-0.9, 0.9), corner(0.9, -0.9)], color, 2.2, Dash::Solid);
            }
            Marker::Plus => {
                self.line(&[corner(-1.1, 0.0), corner(1.1, 0.0)], color, 2.2, Dash::Solid);
                self.line(&[corner(0.0, -1.1), corner(0.0, 1.1)], color, 2.2, Dash::Solid);
            }
        }
    }

    /// One line of text.
    pub(super) fn text(&mut self, text: &str, at: Place, font: Font, anchor: Anchor) {
        let h_pos = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let cut = match font.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        let size = font.size * SCALE * PLOTTERS_FONT_RATIO;
        let color = rgb(font.color);
        let style = TextStyle::from((FontFamily::Name(FONT_FAMILY), size, cut))
            .color(&color)
            .pos(Pos::new(h_pos, VPos::Center));
        self.area.draw_text(&printable(text), &style, place(at)).expect("a string takes any text");
    }

    /// What a browser shows over the rectangle around a place.
    pub(super) fn title(&mut self, text: &str, upper_left: Place, lower_right: Place) {
        let ((left, top), (right, bottom)) = (place(upper_left), place(lower_right));
        let (width, height) = (right - left, bottom - top);
        writeln!(
            self.titles,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\" \
             fill-opacity=\"0\"><title>{}</title></rect>",
            escaped(text),
        )
        .expect("a string takes any text");
    }

    fn disc(&mut self, at: Place, radius: f64, style: ShapeStyle) {
        self.area.draw(&Circle::new(place(at), units(radius), style)).expect("a string takes any text");
    }
}

fn rgb(color: Color) -> RGBColor {
    RGBColor(color.0, color.1, color.2)
}

fn place(at: Place) -> (i32, i32) {
    (units(at.0), units(at.1))
}

/// Pixels in drawn units.
fn units(pixels: f64) -> i32 {
    // No sheet is a million pixels wide: what is not finite would be drawn as a
    // false number, so it must not come here.
    assert!(pixels.is_finite() && pixels.abs() < 1e6, "{pixels} pixels");
    (pixels * SCALE).round() as i32
}
