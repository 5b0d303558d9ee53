package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** PEFT's check_target_module_exists and get_pattern_key. */
class TargetRulesTest {

  private static final List<String> NAMES =
      List.of("layers.0.attn.q", "layers.1.attn.q", "layers.1.mlp.experts.0.up", "layers.2.attn.v");

  private static PeftConfig config(String fields) {
    String json = "{'peft_type':'LORA','r':4,'lora_alpha':8," + fields + "}";
    return PeftConfig.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'target_modules':['q'] | 0 1",
        "'target_modules':['q','v'] | 0 1 3",
        "'target_modules':'all-linear' | 0 1 2 3",
        "'target_modules':'.*attn\\\\.[qv]' | 0 1 3",
        "'target_modules':'q' | ``",
        "'target_modules':'(?P<any_one>.{,4}).*(?P<last>[qv])(?P<more>(?!(?P=last)).)?' | 0 1 3",
        "'target_modules':'model.layers.(?P<the_layer>1).+(?P=the_layer)?q' | 1",
        "'target_modules':['q','v'],'exclude_modules':['attn.v'] | 0 1",
        "'target_modules':['q','v'],'exclude_modules':'.*layers\\\\.1.*' | 0 3",
        "'target_modules':['q','v'],'layers_to_transform':[1,2] | 1 3",
        "'target_modules':['q','v'],'layers_to_transform':0 | 0",
        "'target_modules':['q','layers.0.attn.q'],'layers_to_transform':1 | 0 1",
        "'target_modules':['up'],'layers_to_transform':1 | 2",
        "'target_modules':['up'],'layers_to_transform':0 | ``",
        "'target_modules':['up'],'layers_to_transform':1,'layers_pattern':['h','layers'] | 2",
        "'target_modules':['up'],'layers_to_transform':0,'layers_pattern':'h' | ``",
      })
  void target_anyRule_isPefts(String fields, String wanted) {
    TargetRules rules = config(fields).rules();
    String found =
        String.join(
            " ",
            Stream.of(0, 1, 2, 3)
                .filter(i -> rules.target("model." + NAMES.get(i)) || named(rules, i))
                .map(String::valueOf)
                .toList());
    assertEquals(wanted == null ? "" : wanted, found);
  }

  /** Whether the bare name is a target of its own, whatever its layer. */
  private static boolean named(TargetRules rules, int i) {
    return rules.ends().contains(NAMES.get(i)) && rules.target(NAMES.get(i));
  }

  @Test
  void rankAt_patterns_theFirstThatFitsTheEndCounts() {
    LoraConfig plain =
        config(
                "'target_modules':['q'],'rank_pattern':{'1.attn.q':2,'q':16},'alpha_pattern':{'q':3}")
            .plain();
    assertEquals(16, plain.rankAt("layers.0.attn.q"));
    assertEquals(2, plain.rankAt("layers.1.attn.q"));
    assertEquals(4, plain.rankAt("layers.1.attn.seq"));
    assertEquals(3.0 / 2, plain.scaleAt("layers.1.attn.q", 2));
    assertEquals(8.0 / 4, plain.scaleAt("layers.1.attn.v", 4));
  }
}
