//! The two OData documents, made from the table of resources (DSP0266 section 8.4).
//!
//! The schemas are the DMTF's own, in their published versions; they are named where the DMTF
//! publishes them.

use std::{collections::BTreeSet, fmt::Write, sync::LazyLock};

use super::{
    page::Page,
    reply::JSON,
    routes::{Document, Schema},
    table::RESOURCES,
};

/// Where the DMTF publishes its schemas.
const SCHEMAS: &str = "http://redfish.dmtf.org/schemas/v1";

/// The header that names a resource's JSON schema.
pub(super) fn described_by(schema: &Schema) -> String {
    let name = schema.name;
    match schema.version {
        Some(version) => format!("<{SCHEMAS}/{name}.{version}.json>; rel=describedby"),
        None => format!("<{SCHEMAS}/{name}.json>; rel=describedby"),
    }
}

/// `$metadata`: which schemas the resources follow.
pub(super) fn metadata() -> &'static Document {
    static METADATA: LazyLock<Document> = LazyLock::new(|| Document {
        content_type: "application/xml;charset=utf-8",
        body: edmx().into_bytes(),
    });
    &METADATA
}

fn edmx() -> String {
    let mut xml = String::from(concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        "\n",
        r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">"#,
        "\n",
    ));
    let mut schemas: BTreeSet<_> = RESOURCES
        .iter()
        .filter_map(|resource| resource.schema)
        .map(|schema| (schema.name, schema.version))
        .collect();
    schemas.insert(("Message", Some("v1_3_0")));
    schemas.insert(("Resource", Some("v1_23_0")));
    let root = schemas.iter().find(|(name, _)| *name == "ServiceRoot");
    let root = root.and_then(|(_, version)| *version).unwrap_or_default();
    for (name, version) in &schemas {
        // Writing to a text can't fail.
        let _ = writeln!(
            xml,
            "  <edmx:Reference Uri=\"{SCHEMAS}/{name}_v1.xml\">\n    <edmx:Include Namespace=\"{name}\"/>"
        );
        if let Some(version) = version {
            let _ = writeln!(xml, "    <edmx:Include Namespace=\"{name}.{version}\"/>");
        }
        xml.push_str("  </edmx:Reference>\n");
    }
    let _ = write!(
        xml,
        r#"  <edmx:Reference Uri="{SCHEMAS}/RedfishExtensions_v1.xml">
    <edmx:Include Namespace="RedfishExtensions.v1_0_0" Alias="Redfish"/>
  </edmx:Reference>
  <edmx:DataServices>
    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service">
      <EntityContainer Name="Service" Extends="ServiceRoot.{root}.ServiceContainer"/>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>
"#
    );
    xml
}

/// `odata`: the service root and what is directly below it.
pub(super) fn service_document() -> &'static Document {
    static SERVICE: LazyLock<Document> = LazyLock::new(|| {
        let below = RESOURCES
            .iter()
            .filter_map(|resource| resource.schema.and(resource.pattern.strip_prefix("/v1/")))
            .filter(|path| !path.contains('/'))
            .map(|path| (path, format!("/redfish/v1/{path}")));
        let services = [("Service", "/redfish/v1/".to_owned())]
            .into_iter()
            .chain(below)
            .chain([("Sessions", "/redfish/v1/SessionService/Sessions".to_owned())]);
        let mut page = Page::bare();
        page.text("@odata.context", "/redfish/v1/$metadata");
        page.objects("value", services, |page, (name, url)| {
            page.text("name", name);
            page.text("kind", "Singleton");
            page.text("url", &url);
        });
        Document {
            content_type: JSON,
            body: page.bare_bytes(),
        }
    });
    &SERVICE
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_schema_in_use_is_in_the_metadata_once() {
        let xml = edmx();
        for resource in RESOURCES {
            let Some(schema) = resource.schema else {
                continue;
            };
            let space = schema.odata_type();
            let space = space.trim_start_matches('#');
            let (space, _) = space.rsplit_once('.').unwrap();
            let include = format!("Namespace=\"{space}\"/>");
            assert_eq!(xml.matches(&include).count(), 1, "{space}");
        }
        assert!(xml.contains("Extends=\"ServiceRoot.v1_20_0.ServiceContainer\""));
    }

    #[test]
    fn the_service_document_lists_what_is_below_the_root() {
        let document: Value = serde_json::from_slice(&service_document().body).unwrap();
        let entries = document["value"].as_array().unwrap().iter();
        let urls: Vec<_> = entries
            .map(|entry| entry["url"].as_str().unwrap())
            .collect();
        assert_eq!(urls[0], "/redfish/v1/");
        assert!(urls.contains(&"/redfish/v1/Systems"), "{urls:?}");
        assert!(
            urls.contains(&"/redfish/v1/SessionService/Sessions"),
            "{urls:?}"
        );
        assert!(!urls.iter().any(|url| url.contains('{')), "{urls:?}");
    }
}
