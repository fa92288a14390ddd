//! The application of all levels, with the built-in site, as a peer's application.

use level1_blocking::{
    demo::Demo,
    files::Site,
    handler::{Admission, Handler, Request},
    http::{fields::Fields, head::Head, response::Response, status::Status},
};

use super::peer::{Answer, Application};

/// The demonstration application, all but its route that takes real time.
pub(crate) struct App(Demo);

impl App {
    pub(crate) const fn new() -> Self {
        Self(Demo::new(Site::Embedded, 100_000))
    }
}

impl Application for App {
    fn admit(&mut self, head: &Head<'_>) -> Admission {
        if *head.target().decoded_path() == *b"/work" {
            return Admission::Refuse(Response::new(Status::SERVICE_UNAVAILABLE));
        }
        self.0.admit(head)
    }

    fn answer(&mut self, head: &Head<'_>, body: Vec<u8>, trailers: &Fields<'_>) -> Answer {
        self.0.handle(Request { head: *head, body, trailers: *trailers }).into()
    }
}
