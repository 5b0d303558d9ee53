package dev.millrace.schema.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;

/**
 * Walks a binary record along its schema and allocates nothing that the bytes do not hold: every
 * length fits into what remains, every index exists, every string is UTF-8, nothing is left over.
 * Items that take a byte each become objects of many: how many a record may have is bounded.
 */
final class BodyCheck {

  private static final int INT_BYTES = 5;
  private static final int LONG_BYTES = 10;

  private final byte[] bytes;
  private int at;

  /** Of all arrays and maps so far. */
  private long counted;

  private BodyCheck(byte[] bytes, int from) {
    this.bytes = bytes;
    this.at = from;
  }

  static void check(Schema schema, byte[] bytes, int from) throws InvalidRecordException {
    BodyCheck check = new BodyCheck(bytes, from);
    check.walk(schema, schema.getName());
    if (check.remaining() > 0) {
      String detail =
          check.remaining() + " bytes follow the record, expected its end at byte " + check.at;
      throw invalid("trailing-bytes", detail);
    }
  }

  private void walk(Schema schema, String field) throws InvalidRecordException {
    switch (schema.getType()) {
      case RECORD -> {
        for (Schema.Field child : schema.getFields()) {
          walk(child.schema(), child.name());
        }
      }
      case UNION -> walk(schema.getTypes().get(index(field, schema.getTypes().size())), field);
      case ENUM -> index(field, schema.getEnumSymbols().size());
      case ARRAY -> {
        for (long items = block(field); items > 0; items = block(field)) {
          walkItems(items, schema.getElementType(), field);
        }
      }
      case MAP -> {
        for (long items = block(field); items > 0; items = block(field)) {
          walkEntries(items, schema.getValueType(), field);
        }
      }
      case STRING -> utf8(field, length(field));
      case BYTES -> skip(field, length(field));
      case FIXED -> skip(field, schema.getFixedSize());
      case BOOLEAN -> bool(field);
      case INT -> varint(field, INT_BYTES);
      case LONG -> varint(field, LONG_BYTES);
      case FLOAT -> skip(field, Float.BYTES);
      case DOUBLE -> skip(field, Double.BYTES);
      case NULL -> {}
    }
  }

  private void walkItems(long items, Schema item, String field) throws InvalidRecordException {
    for (long i = 0; i < items; i++) {
      walk(item, field);
    }
  }

  private void walkEntries(long items, Schema value, String field) throws InvalidRecordException {
    for (long i = 0; i < items; i++) {
      utf8(field, length(field));
      walk(value, field);
    }
  }

  /** Items of the next block, 0 after the last; each takes at least a byte. */
  private long block(String field) throws InvalidRecordException {
    long items = varint(field, LONG_BYTES);
    if (items < 0) {
      items = -items;
      length(field);
    }
    if (items < 0 || items > remaining()) {
      throw tooShort(field, items + " items");
    }
    counted += items;
    if (counted > Limits.ITEMS) {
      String detail =
          "the record has %d items with those of %s, expected at most %d"
              .formatted(counted, field, Limits.ITEMS);
      throw invalid("too-long", detail);
    }
    return items;
  }

  private int index(String field, int size) throws InvalidRecordException {
    long index = varint(field, INT_BYTES);
    if (index < 0 || index >= size) {
      String detail = field + " has index " + index + ", expected 0.." + (size - 1);
      throw invalid("malformed", detail);
    }
    return (int) index;
  }

  private int length(String field) throws InvalidRecordException {
    long length = varint(field, LONG_BYTES);
    if (length < 0) {
      throw invalid("malformed", field + " declares " + length + " bytes, expected 0 or more");
    }
    return require(field, length);
  }

  private void skip(String field, int length) throws InvalidRecordException {
    at += require(field, length);
  }

  private void utf8(String field, int length) throws InvalidRecordException {
    try {
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes, at, length));
    } catch (CharacterCodingException e) {
      String detail = field + " is not UTF-8 (" + e.getMessage() + "), expected valid UTF-8";
      throw invalid("invalid-utf8", detail);
    }
    at += length;
  }

  /** A zigzag number of at most that many bytes. */
  private long varint(String field, int most) throws InvalidRecordException {
    long raw = 0;
    for (int i = 0; i < most; i++) {
      int next = next(field);
      raw |= (next & 0x7FL) << (7 * i);
      if (next >= 0) {
        return zigzag(field, raw, most, i, next);
      }
    }
    throw invalid("malformed", field + " has a number longer than " + most + " bytes");
  }

  private static long zigzag(String field, long raw, int most, int last, int top)
      throws InvalidRecordException {
    // The last byte of the longest form holds 4 bits of an int, 1 bit of a long.
    int room = most == INT_BYTES ? 0x0F : 0x01;
    if (last == most - 1 && top > room) {
      throw invalid("malformed", field + " has a number that overflows, expected a smaller one");
    }
    return (raw >>> 1) ^ -(raw & 1);
  }

  private void bool(String field) throws InvalidRecordException {
    int value = next(field);
    if (value != 0 && value != 1) {
      throw invalid("malformed", field + " has byte " + value + ", expected 0 or 1");
    }
  }

  private int next(String field) throws InvalidRecordException {
    require(field, 1);
    return bytes[at++];
  }

  private int require(String field, long length) throws InvalidRecordException {
    if (length > remaining()) {
      throw tooShort(field, length + " bytes");
    }
    return (int) length;
  }

  private int remaining() {
    return bytes.length - at;
  }

  private InvalidRecordException tooShort(String field, String needed) {
    String detail = field + " needs " + needed + " at byte " + at + ", " + remaining() + " remain";
    return invalid("truncated", detail);
  }

  private static InvalidRecordException invalid(String reason, String detail) {
    return new InvalidRecordException(new Problem(reason, detail));
  }
}
