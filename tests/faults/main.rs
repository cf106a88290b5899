//! Faults, each with a class running: nobody is in who does not belong, and no decision or message that was acknowledged is
//! lost or stands twice. `make faults` tells them at full length.

mod clock;
mod disk;
mod keys;
mod kills;
mod lesson;
mod memory;
mod partition;
mod readers;
mod tally;
mod torn;
