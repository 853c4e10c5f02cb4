//! Places on the Earth, taken for a sphere of 6371 km.

use sim_core::math;

/// The mean radius of the Earth, in kilometres.
const RADIUS: f64 = 6371.0;

/// A place on the Earth, in degrees.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    /// North of the equator, from -90 to 90.
    pub latitude: f64,
    /// East of Greenwich, from -180 to 180.
    pub longitude: f64,
}

impl Place {
    /// The direction from the centre of the Earth.
    fn direction(self) -> [f64; 3] {
        let (latitude, longitude) = (self.latitude.to_radians(), self.longitude.to_radians());
        let from_axis = math::cos(latitude);
        [
            from_axis * math::cos(longitude),
            from_axis * math::sin(longitude),
            math::sin(latitude),
        ]
    }

    /// The middle of places: the direction of the sum of theirs. None where they cancel out, or of no places.
    pub(super) fn middle(places: impl IntoIterator<Item = Place>) -> Option<Place> {
        let [x, y, z] = places.into_iter().fold([0.0; 3], |[x, y, z], place| {
            let [dx, dy, dz] = place.direction();
            [x + dx, y + dy, z + dz]
        });
        let from_axis = math::hypot(x, y);
        (math::hypot(from_axis, z) > 1e-9).then(|| Place {
            latitude: math::atan2(z, from_axis).to_degrees(),
            longitude: math::atan2(y, x).to_degrees(),
        })
    }
}

/// The length of the great circle between two places, in kilometres.
pub fn great_circle(one: Place, other: Place) -> f64 {
    let ([x1, y1, z1], [x2, y2, z2]) = (one.direction(), other.direction());
    let cross = [y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2];
    let sine = math::hypot(math::hypot(cross[0], cross[1]), cross[2]);
    RADIUS * math::atan2(sine, x1 * x2 + y1 * y2 + z1 * z2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place { latitude, longitude }
    }

    #[test]
    fn great_circles_have_the_known_lengths() {
        let quarter = RADIUS * std::f64::consts::FRAC_PI_2;
        assert!((great_circle(place(90.0, 0.0), place(0.0, 17.0)) - quarter).abs() < 1e-9);
        assert!((great_circle(place(0.0, -90.0), place(0.0, 90.0)) - 2.0 * quarter).abs() < 1e-9);
        assert_eq!(great_circle(place(12.0, 34.0), place(12.0, 34.0)), 0.0);
        // New York to Los Angeles is 3936 km, London to Sydney 16,994 km, give or take the flattening of the Earth.
        let new_york_los_angeles = great_circle(place(40.71, -74.01), place(34.05, -118.24));
        assert!(
            (new_york_los_angeles - 3936.0).abs() < 10.0,
            "{new_york_los_angeles} km"
        );
        let london_sydney = great_circle(place(51.51, -0.13), place(-33.87, 151.21));
        assert!((london_sydney - 16_994.0).abs() < 20.0, "{london_sydney} km");
    }

    #[test]
    fn the_middle_lies_between_also_across_the_date_line() {
        let middle = Place::middle([place(0.0, 170.0), place(0.0, -170.0)]).unwrap();
        assert!(
            (middle.longitude.abs() - 180.0).abs() < 1e-9 && middle.latitude.abs() < 1e-9,
            "{middle:?}"
        );
        let alone = Place::middle([place(48.0, 11.0)]).unwrap();
        assert!((alone.latitude - 48.0).abs() < 1e-9 && (alone.longitude - 11.0).abs() < 1e-9);
        assert_eq!(Place::middle([place(0.0, 0.0), place(0.0, 180.0)]), None);
        assert_eq!(Place::middle([]), None);
    }
}
