package dev.millrace.schema.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** How JSON that strangers write is read: no field twice, and nothing behind the value. */
public final class StrictJson {

  /** Of a value; in memory an empty object takes thirty times its two bytes. */
  public static final int MOST_TOKENS = 100_000;

  /** A place within a value is as long as its levels' names, and each level may keep one. */
  private static final int MOST_LEVELS = 64;

  /** UTF-16 code units; parsers share the names they have met, and keep them. */
  private static final int LONGEST_NAME = 1_024;

  public static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxTokenCount(MOST_TOKENS)
                          .maxNestingDepth(MOST_LEVELS)
                          .maxNameLength(LONGEST_NAME)
                          .build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private StrictJson() {}
}
