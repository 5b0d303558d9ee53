package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.media.InvalidMediaException.Kind;
import dev.millrace.model.media.Pictures;
import dev.millrace.model.media.Sounds;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Sample;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MediaMaterialTest {

  @ParameterizedTest
  @ValueSource(strings = {"icons", "speech"})
  void withJunk_ofADomain_hasEachKindOfJunkThatIsRefused(String domain) throws Exception {
    MediaMaterial material = MediaMaterial.read(domain, new Random(3));
    List<Sample> good = material.good();
    assertEquals(450, good.size());
    assertEquals(good.get(7).id(), MediaMaterial.read(domain, new Random(3)).good().get(7).id());
    read(good.get(7));
    List<Sample> junk =
        material.withJunk().stream().filter(sample -> sample.id().startsWith("junk-")).toList();
    assertEquals(75, junk.size());
    read(junk.get(0));
    String wrong = junk.get(0).teaches();
    assertTrue(good.stream().noneMatch(s -> s.teaches().equals(wrong)), "of no other sample");
    assertEquals(Kind.BROKEN, refused(junk.get(1)));
    Sample copy = junk.get(2);
    Sample original =
        good.stream().filter(s -> s.teaches().equals(copy.teaches())).findFirst().orElseThrow();
    assertArrayEquals(original.media(), copy.media());
    assertEquals(domain.equals("icons") ? Kind.TOO_LARGE : Kind.BROKEN, refused(junk.get(3)));
  }

  private static Kind refused(Sample sample) {
    return assertThrows(InvalidMediaException.class, () -> read(sample)).kind();
  }

  private static void read(Sample sample) throws InvalidMediaException {
    if (sample.modality() == Modality.IMAGE) {
      Pictures.read(sample.media());
    } else {
      Sounds.read(sample.media());
    }
  }
}
