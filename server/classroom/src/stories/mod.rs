//! Short stories of a class, told by its tests.

mod a_long_lesson;
mod at_the_door;
mod crashes;
mod idle_seats;
mod in_a_lecture;
mod in_class;
mod looking_on;
mod of_devices;
mod unattended;
