package dev.millrace.model.text;

import dev.millrace.model.config.JsonFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * What HuggingFace's tokenizer puts before a text: {@code add_bos_token} of tokenizer_config.json
 * decides, without it the post-processor of tokenizer.json. A null {@code bos_token} is none. What
 * either puts behind a text is left out, for that goes on.
 */
final class Bos {
  private static final String ADD = "add_bos_token";
  private static final String TOKEN = "bos_token";
  private static final String PROCESSOR = "post_processor";

  private Bos() {}

  /**
   * @param config tokenizer_config.json
   * @param id of a token, negative if there is none
   */
  static int[] read(JsonFields tokenizer, JsonFields config, ToIntFunction<String> id) {
    if (config.has(ADD)) {
      boolean adds = config.bool(ADD) && !config.isNull(TOKEN);
      return adds ? new int[] {named(config, id)} : new int[0];
    }
    return tokenizer.has(PROCESSOR) ? before(tokenizer.object(PROCESSOR)).toArray() : new int[0];
  }

  private static int named(JsonFields config, ToIntFunction<String> id) {
    String token =
        config.has(TOKEN) && !config.isText(TOKEN)
            ? config.object(TOKEN).text("content")
            : config.text(TOKEN);
    int bos = id.applyAsInt(token);
    if (bos < 0) {
      throw config.invalid(TOKEN, "a token of tokenizer.json, as " + ADD + " is true");
    }
    return bos;
  }

  private static IntStream before(JsonFields processor) {
    return switch (processor.text("type")) {
      case "Sequence" -> processor.objects("processors").stream().flatMapToInt(Bos::before);
      case "TemplateProcessing" -> leading(processor);
      case "BertProcessing", "RobertaProcessing" -> IntStream.of(processor.numbered("cls"));
      default -> IntStream.empty();
    };
  }

  /** The special tokens before the text. */
  private static IntStream leading(JsonFields template) {
    List<String> names = new ArrayList<>();
    for (JsonFields piece : template.objects("single")) {
      if (!piece.has("SpecialToken")) {
        break;
      }
      names.add(piece.object("SpecialToken").text("id"));
    }
    return names.stream()
        .map(name -> template.object("special_tokens").object(name))
        .flatMapToInt(token -> Arrays.stream(token.integers("ids", 0, Integer.MAX_VALUE)));
  }
}
