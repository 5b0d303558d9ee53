package dev.millrace.job.corpus;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CorporaTest {

  @ParameterizedTest
  @CsvSource({
    "chinese,1000,1500000",
    "cloud,500,700000",
    "dictionary,5000,9000000",
    "health,3000,3400000",
    "java,2900,18000000",
    "legal,600,3000000",
    "parliament,5000,20000000",
    "python,400,6000000"
  })
  void load_domain_hasEnoughDistinctDocuments(String domain, int documents, long bytes) {
    List<Document> loaded = Corpora.load(domain);
    long size = loaded.stream().mapToLong(Document::bytes).sum();
    assertTrue(loaded.size() >= documents, domain + " has " + loaded.size() + " documents");
    assertTrue(size >= bytes, domain + " has " + size + " bytes");
    Set<String> ids = new HashSet<>();
    loaded.forEach(document -> assertTrue(ids.add(document.id()), document.id() + " twice"));
  }

  @Test
  void load_unknownDomain_namesTheKnownOnes() {
    var e = assertThrows(IllegalArgumentException.class, () -> Corpora.load("jav"));
    assertTrue(e.getMessage().contains("'jav'"), e.getMessage());
    assertTrue(e.getMessage().contains("parliament"), e.getMessage());
  }
}
