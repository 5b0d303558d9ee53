package dev.millrace.job.corpus;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * One XML element of a FHIR resource: the first value of each child that has one, and the others.
 */
record FhirNode(String name, Map<String, String> values, List<FhirNode> children) {

  /** Reads the element that the reader stands on, up to its end. */
  static FhirNode read(XMLStreamReader xml) throws XMLStreamException {
    FhirNode node = new FhirNode(xml.getLocalName(), new TreeMap<>(), new ArrayList<>());
    while (xml.next() != XMLStreamReader.END_ELEMENT) {
      if (xml.isStartElement()) {
        String value = xml.getAttributeValue(null, "value");
        FhirNode child = read(xml);
        if (value == null) {
          node.children.add(child);
        } else {
          node.values.putIfAbsent(child.name, value.strip().replaceAll("\\s*\n\\s*", "\n"));
        }
      }
    }
    return node;
  }

  String value(String child) {
    return values.getOrDefault(child, "");
  }

  /** Depth first, in document order. */
  Stream<FhirNode> descendants() {
    return children.stream().flatMap(child -> Stream.concat(Stream.of(child), child.descendants()));
  }
}
