//! What is promised to those who use the program, tested on the program.

mod support;

mod bad_input;
mod codes;
mod command_line;
