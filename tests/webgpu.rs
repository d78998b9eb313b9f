//! The GPU backend with whole models: equal to the result without rounding, except for the error of
//! 16-bit floats, and the same tokens as the CPU.

mod common;

use std::io::Cursor;

use common::golden::{self, Golden, Prompt};
use common::reference::EXACT;
use common::tolerance::{
    GPU_FORWARD_PASS, GPU_HALF_FORWARD_PASS, GPU_PACKED, LOGITS_ONE_POSITION, MARGIN, Tolerance,
};
use precis::backend::cpu::Cpu;
use precis::backend::scores;
use precis::backend::webgpu::{Products, Restrictions, WebGpu};
use precis::host::native::block_on;
use precis::lm::session::Session;

fn golden(name: &str) -> Vec<Prompt> {
    golden::parse::<Golden>(&common::text(name)).prompts
}

fn gpu() -> WebGpu {
    block_on(WebGpu::open(Restrictions::default(), Box::new(|| None)))
        .expect("a GPU, or Mesa's lavapipe (package mesa-vulkan-drivers)")
}

/// Tolerance of whole models, relative to no rounding.
fn tolerance(products: Products) -> Tolerance {
    match products {
        Products::F32 => GPU_FORWARD_PASS,
        Products::F16 => GPU_HALF_FORWARD_PASS,
        Products::Int8 => LOGITS_ONE_POSITION,
    }
}

fn logits(session: &mut Session<WebGpu>, ids: &[u32], chunk: usize) -> Vec<f32> {
    session.truncate(0);
    let mut last = None;
    for chunk in ids.chunks(chunk) {
        last = Some(session.prefill(chunk).expect("the prompt fits"));
        block_on(session.finish()).expect("the GPU is there");
    }
    block_on(session.logits(&last.expect("a prompt has tokens"))).expect("the GPU is there")
}

#[test]
fn the_forward_pass_is_llama_cpps() {
    let gpu = gpu();
    for products in gpu.products() {
        gpu.multiply_in(products);
        let tolerance = tolerance(products);
        let gpu = gpu.clone();
        let tiny = common::load(&gpu, Cursor::new(common::TINY)).expect("the fixture loads");
        let mut session = Session::new(gpu, tiny);
        for prompt in golden("golden-tiny.json") {
            let ids = prompt.ids(&[]);
            let want = golden::halves(&common::fixture(&prompt.exact.logits));
            for chunk in [ids.len(), 7, 1] {
                let what = format!("{} in chunks of {chunk}", prompt.name);
                tolerance.check(&logits(&mut session, &ids, chunk), &want, &what);
            }
            // In this model integer rounding costs more than one wrong token of many.
            if products != Products::Int8 {
                let mut wrong = ids.clone();
                wrong[0] += 1;
                tolerance.catches(&logits(&mut session, &wrong, 64), &want, "a token");
            }
        }
    }
}

/// Float weights are rounded to 8 bits when packed.
#[test]
fn every_architecture_is_llama_cpps() {
    for name in ["gemma3", "llama3", "qwen2", "qwen3"] {
        let gpu = gpu();
        let file = common::fixture(&format!("tiny-{name}.gguf"));
        let model = common::load(&gpu, Cursor::new(file)).expect("the fixture loads");
        let mut session = Session::new(gpu, model);
        for prompt in golden(&format!("golden-tiny-{name}.json")) {
            let ids = prompt.ids(&[]);
            let want = golden::halves(&common::fixture(&prompt.exact.logits));
            for chunk in [ids.len(), 7, 1] {
                let what = format!("{name}: {} in chunks of {chunk}", prompt.name);
                GPU_PACKED.check(&logits(&mut session, &ids, chunk), &want, &what);
            }
            let mut wrong = ids.clone();
            wrong.reverse();
            GPU_PACKED.catches(&logits(&mut session, &wrong, 64), &want, "other tokens");
        }
    }
}

/// Past the trained context: 1,400 tokens in the tiny model of 512 positions, by YaRN.
#[test]
fn an_extended_context_is_the_references() {
    const LONG: usize = 1400;
    let gpu = gpu();
    let tiny = common::load(&gpu, Cursor::new(common::TINY)).expect("the fixture loads");
    let text = common::text("article.md");
    let article = tiny.tokenizer.encode(&text).expect("plain text");
    let ids: Vec<u32> = article.into_iter().cycle().take(LONG).collect();
    let mut reference =
        Session::new(EXACT, common::load(&EXACT, Cursor::new(common::TINY)).expect("it loads"));
    reference.extend(LONG).expect("the context reaches so far");
    let want = common::logits(&mut reference, &ids, 64);
    let want: Vec<f64> = want.into_iter().map(f64::from).collect();
    let mut session = Session::new(gpu, tiny);
    for (positions, right) in [(LONG, true), (LONG + 120, false)] {
        session.extend(positions).expect("the context reaches so far");
        let got = logits(&mut session, &ids, 300);
        match right {
            true => GPU_FORWARD_PASS.check(&got, &want, "1,400 tokens"),
            false => GPU_FORWARD_PASS.catches(&got, &want, "a factor of 3"),
        }
    }
}

/// At 300 tokens of the article: logits close to those without rounding, and the CPU's tokens
/// wherever it is sure enough.
#[test]
fn the_real_model_says_what_it_says_on_the_processor() {
    the_real_model_agrees(300);
}

/// The same at 2,000 tokens.
#[test]
#[ignore = "takes minutes where a processor plays the GPU"]
fn the_real_model_says_so_after_many_tokens() {
    the_real_model_agrees(2000);
}

fn the_real_model_agrees(tokens: usize) {
    let cpu = Cpu { threads: precis::backend::cpu::start_threads(2).expect("two threads") };
    let gpu = gpu();
    println!("{}", gpu.adapter());
    let (mut on_cpu, mut on_gpu) =
        (Session::new(cpu, common::real(&cpu)), Session::new(gpu.clone(), common::real(&gpu)));
    let article = common::text("article.md");
    let article = on_cpu.model().tokenizer.encode(&article).expect("plain text");
    let prompts = golden("golden.json");
    let prompt = prompts.iter().find(|prompt| prompt.tokens == tokens).expect("it is recorded");
    let ids = prompt.ids(&article);
    let want = golden::halves(&common::fixture(&prompt.exact.logits));
    let mut ours = logits(&mut on_gpu, &ids, 256);
    tolerance(Products::F32).check(&ours, &want, &prompt.name);
    let mut theirs = common::logits(&mut on_cpu, &ids, 256);
    let mut sure = 0;
    for step in 0..32 {
        let id = scores::best(&theirs);
        let mut others = theirs.clone();
        others[id as usize] = f32::NEG_INFINITY;
        let lead = theirs[id as usize] - others[scores::best(&others) as usize];
        if f64::from(lead) > MARGIN.bound {
            sure += 1;
            assert_eq!(scores::best(&ours), id, "step {step}: lead {lead}");
        } else if scores::best(&ours) != id {
            println!("step {step}: another token, the lead is {lead}");
        }
        theirs = common::now(on_cpu.decode(id)).expect("room");
        ours = block_on(on_gpu.decode(id)).expect("room");
    }
    println!("sure of {sure} of 32");
    assert!(sure > 16, "too few tokens tell anything");
}
