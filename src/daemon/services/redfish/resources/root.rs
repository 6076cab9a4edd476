//! The service root and the list of versions: what everybody may read.

use std::sync::LazyLock;

use super::super::{Redfish, page::Page, reply::JSON, routes::Document};

/// `/redfish`: which versions there are (DSP0266 section 6.2).
pub(in super::super) fn versions() -> &'static Document {
    static VERSIONS: LazyLock<Document> = LazyLock::new(|| Document {
        content_type: JSON,
        body: br#"{"v1":"/redfish/v1/"}"#.to_vec(),
    });
    &VERSIONS
}

/// The version of DSP0266 that the service follows.
const VERSION: &str = "1.20.0";

/// The service root.
pub(in super::super) fn show(redfish: &Redfish, page: &mut Page) {
    page.text("Id", "RootService");
    page.text("Name", "Outband");
    page.text("RedfishVersion", VERSION);
    page.text("UUID", &redfish.bmc.identity.uuid);
    page.text("Product", "Outband");
    page.text("Vendor", "Outband");
    page.maybe(
        "ServiceIdentification",
        Some(&redfish.bmc.identity.host_name),
    );
    page.object("ProtocolFeaturesSupported", |page| {
        page.object("ExpandQuery", |page| {
            for feature in ["ExpandAll", "Levels", "Links", "NoLinks"] {
                page.plain(feature, false);
            }
        });
        page.object("DeepOperations", |page| {
            for feature in ["DeepPATCH", "DeepPOST"] {
                page.plain(feature, false);
            }
        });
        for feature in [
            "SelectQuery",
            "FilterQuery",
            "OnlyMemberQuery",
            "ExcerptQuery",
            "TopSkipQuery",
            "IncludeOriginOfConditionQuery",
            "MultipleHTTPRequests",
        ] {
            page.plain(feature, false);
        }
    });
    for service in [
        "Systems",
        "Chassis",
        "Managers",
        "SessionService",
        "AccountService",
        "UpdateService",
    ] {
        page.link(service, format_args!("/redfish/v1/{service}"));
    }
    page.link("Tasks", "/redfish/v1/TaskService");
    page.object("Links", |page| {
        page.link("Sessions", "/redfish/v1/SessionService/Sessions");
    });
}
