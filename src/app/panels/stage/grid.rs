//! How one to four stages share the room.

use eframe::egui::{Rect, Vec2, pos2, vec2};

use crate::lab::Arrangement;

/// Space between stages.
const GAP: f32 = 1.0;

/// Columns of so many stages in a room of this size; `head` is the height that each spends on its title. The plots become
/// as large as they can, by the side of the square that fits into each.
pub fn columns(arrangement: Arrangement, count: usize, room: Vec2, head: f32) -> usize {
    match arrangement {
        Arrangement::Row => count,
        Arrangement::Column => 1,
        Arrangement::Grid => count.min(2),
        Arrangement::Auto => {
            let side = |columns: usize| {
                let rows = count.div_ceil(columns);
                (room.x / columns as f32).min(room.y / rows as f32 - head)
            };
            // no more columns than its rows need: four in three columns would leave a hole
            let full = |&columns: &usize| count.div_ceil(count.div_ceil(columns)) == columns;
            // of equals the one with fewer rows: people read along a line
            let best = (1..=count)
                .filter(full)
                .max_by(|&a, &b| side(a).total_cmp(&side(b)).then(a.cmp(&b)));
            best.unwrap_or(1)
        }
    }
    .max(1)
}

/// The cells, row by row.
pub fn cells(room: Rect, count: usize, columns: usize) -> Vec<Rect> {
    let rows = count.div_ceil(columns.max(1)).max(1);
    let size = vec2(
        (room.width() - GAP * (columns - 1) as f32) / columns as f32,
        (room.height() - GAP * (rows - 1) as f32) / rows as f32,
    );
    let cell = |i: usize| {
        let (row, column) = ((i / columns) as f32, (i % columns) as f32);
        let corner = pos2(room.left() + column * (size.x + GAP), room.top() + row * (size.y + GAP));
        Rect::from_min_size(corner, size)
    };
    (0..count).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_are_as_large_as_they_can_be() {
        let auto = |count, x, y| columns(Arrangement::Auto, count, vec2(x, y), 28.0);
        assert_eq!(auto(1, 800.0, 500.0), 1);
        assert_eq!(auto(2, 800.0, 500.0), 2);
        assert_eq!(auto(2, 500.0, 800.0), 1);
        assert_eq!(auto(3, 1300.0, 700.0), 3);
        assert_eq!(auto(3, 700.0, 700.0), 2, "two above, one below");
        assert_eq!(auto(4, 1300.0, 800.0), 2);
        assert_eq!(auto(4, 1900.0, 480.0), 4);
        assert_eq!(columns(Arrangement::Row, 3, vec2(1.0, 1.0), 28.0), 3);
        assert_eq!(columns(Arrangement::Column, 3, vec2(1.0, 1.0), 28.0), 1);
        assert_eq!(columns(Arrangement::Grid, 3, vec2(1.0, 1.0), 28.0), 2);
    }

    #[test]
    fn cells_fill_the_room_without_overlap() {
        let room = Rect::from_min_size(pos2(10.0, 20.0), vec2(301.0, 201.0));
        let cells = cells(room, 3, 2);
        assert_eq!(cells[0].size(), vec2(150.0, 100.0));
        assert_eq!(cells[2].min, pos2(10.0, 121.0));
        assert!(cells.iter().all(|c| room.contains_rect(*c)));
        assert!(!cells[0].intersects(cells[1]) && !cells[0].intersects(cells[2]));
    }
}
