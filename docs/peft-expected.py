#!/usr/bin/env python3
"""Has HuggingFace transformers and PEFT compute logits under an adapter and writes them to ADAPTER/expected.safetensors.

    python3 docs/peft-expected.py BASE ADAPTER
    ./millrace model check BASE --adapter ADAPTER
"""
import sys

import torch
from peft import PeftModel
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

base, adapter = sys.argv[1:3]
model = AutoModelForCausalLM.from_pretrained(base, attn_implementation="eager").float()
model = PeftModel.from_pretrained(model, adapter).eval()
ids = torch.randint(model.config.vocab_size, (2, 24), generator=torch.Generator().manual_seed(1))
with torch.no_grad():
    logits = model(input_ids=ids).logits
save_file({"input_ids": ids, "logits": logits.contiguous()}, f"{adapter}/expected.safetensors")
print(f"{adapter}/expected.safetensors")
