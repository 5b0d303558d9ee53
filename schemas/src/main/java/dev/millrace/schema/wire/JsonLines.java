package dev.millrace.schema.wire;

import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/** Lines of JSON, one object each, as people write them → stream records. */
public final class JsonLines {

  /** Of a line that does not say. */
  private static final int MAX_TOKENS = 64;

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private JsonLines() {}

  /**
   * The text of a line or of lines, without the mark that some editors put first.
   *
   * @throws InvalidRecordException if it is not in that charset
   */
  public static String text(byte[] bytes, Charset charset) throws InvalidRecordException {
    try {
      String text = charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      String read = new String(bytes, charset);
      throw new InvalidRecordException(
          new Problem(
              "invalid-utf8",
              "%s cannot be decoded, expected %s".formatted(Checks.quote(read), charset)));
    }
  }

  /**
   * Reads {@code {"text","id"?,"domain"?,"document"?,"source"?,"tenant"?,"modality"?,"media"?
   * (base64),"caption"?,"eventTimeMillis"?}}.
   *
   * @param unnamed the id of a line that has none
   * @param domain of a line that names none; null leaves it unlabelled
   * @param time of a line that has none, epoch milliseconds
   * @throws InvalidRecordException if the line is not such an object, or not a valid sample
   */
  public static Sample sample(String line, String unnamed, @Nullable String domain, long time)
      throws InvalidRecordException {
    JsonFields fields = JsonFields.read(line);
    String id = fields.text("id", unnamed);
    Sample sample =
        new Sample(
            id,
            fields.text("source", "json"),
            fields.text("document", id),
            fields.textOrNull("tenant", null),
            fields.textOrNull("domain", domain),
            fields.symbol("modality", Modality.TEXT),
            fields.text("text", ""),
            fields.base64("media"),
            fields.textOrNull("caption", null),
            fields.integer("eventTimeMillis", time),
            Origin.UNWRITTEN);
    fields.requireNoOther();
    return Samples.valid(sample);
  }

  /**
   * Reads an object of somebody else's: the text stands under a key of that name, {@code document}
   * may name what it was cut from, other keys are passed over.
   *
   * @param id of the sample
   * @param domain null leaves it unlabelled
   * @param time epoch milliseconds
   * @throws InvalidRecordException if the line has no such text, or is not a valid sample
   */
  public static Sample foreign(
      String line, String textField, String id, @Nullable String domain, long time)
      throws InvalidRecordException {
    JsonFields fields = JsonFields.read(line);
    String text = fields.text(textField);
    String document = textField.equals("document") ? id : fields.text("document", id);
    return Samples.valid(Sample.ofText(id, "json", document, domain, text, time, Origin.UNWRITTEN));
  }

  /**
   * Reads {@code {"id","prompt","domain"?,"tenant"?,"release"?,"task"?,"maxTokens"?,"temperature"?,
   * "topK"?,"topP"?,"seed"?,"stop"? (a list of
   * texts),"cached"?,"eventTimeMillis"?,"deadlineMillis"?,"stream"?,"modality"?,"media"?
   * (base64),"exact"?,"logProbs"?}} or {@code {"id","cancels","tenant"?}}.
   *
   * @param domain of a line that names none; null asks the base alone
   * @param time of a line that has none, epoch milliseconds
   * @throws InvalidRecordException if the line is not such an object, or cannot be answered
   */
  public static Request request(String line, @Nullable String domain, long time)
      throws InvalidRecordException {
    JsonFields fields = JsonFields.read(line);
    Request request =
        new Request(
            fields.text("id", ""),
            fields.textOrNull("tenant", null),
            fields.textOrNull("domain", domain),
            fields.textOrNull("release", null),
            fields.symbol("task", Request.Task.GENERATE),
            fields.text("prompt", ""),
            fields.smallInteger("maxTokens", MAX_TOKENS),
            fields.decimal("temperature", 0),
            fields.smallInteger("topK", 0),
            fields.decimal("topP", 1),
            fields.integer("seed", 0),
            fields.texts("stop"),
            fields.bool("cached", true),
            fields.integer("eventTimeMillis", time),
            fields.integer("deadlineMillis", 0),
            fields.textOrNull("cancels", null),
            fields.bool("stream", false),
            RequestMapping.media(fields.symbol("modality", Modality.TEXT), fields.base64("media")),
            fields.bool("exact", false),
            fields.bool("logProbs", false),
            Origin.UNWRITTEN);
    fields.requireNoOther();
    Problem problem = Requests.check(request);
    if (problem != null) {
      throw new InvalidRecordException(problem, request.id(), request.domain());
    }
    return request;
  }
}
