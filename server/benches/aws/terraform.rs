//! The lab report in Terraform (deploy/aws/lab-report).

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use aws_double::Double;

use crate::made::{self, Made};
use crate::{IMAGE, PUBLIC_KEY, Took, What};

/// Makes and unmakes it. `None`: there is no Terraform, or it finds no provider for AWS.
pub async fn run(double: &Double, zone: &str, what: What) -> anyhow::Result<Option<(Made, [Took; 2])>> {
    let folder = std::env::temp_dir().join(format!("koza-bench-terraform-{}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder)?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/aws/lab-report");
    for file in std::fs::read_dir(&sources)?.filter_map(Result::ok).filter(|file| file.path().extension().is_some_and(|end| end == "tf")) {
        std::fs::copy(file.path(), folder.join(file.file_name()))?;
    }
    let terraform = |arguments: &[String]| -> anyhow::Result<bool> {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("AWS_ENDPOINT_URL", double.endpoint()).env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("CHECKPOINT_DISABLE", "1").env("AWS_REGION", "us-east-1");
        Ok(command.status().is_ok_and(|status| status.success()))
    };
    if !terraform(&["init".into()])? {
        return Ok(None);
    }
    let variables = |scale_out: bool| {
        let environments = if let What::Environments(count) = what { count } else { 1 };
        [
            format!("-var=environments={environments}"),
            format!("-var=zone_id={zone}"),
            format!("-var=ami={IMAGE}"),
            format!("-var=public_key={PUBLIC_KEY}"),
            format!("-var=scale_out={scale_out}"),
        ]
    };
    let go = |verb: &str, scale_out: bool| -> anyhow::Result<Took> {
        double.reset_counts();
        let began = Instant::now();
        let arguments: Vec<String> = [verb.to_owned(), "-auto-approve".to_owned()].into_iter().chain(variables(scale_out)).collect();
        if !terraform(&arguments)? {
            bail!("terraform {verb} failed");
        }
        Ok(Took { time: began.elapsed(), calls: double.taken() })
    };
    let mut built = go("apply", false)?;
    if what == What::ScaleOut {
        built = go("apply", true)?;
    }
    let made = made::describe(double, zone).await.context("described")?;
    let gone = go("destroy", what == What::ScaleOut)?;
    std::fs::remove_dir_all(&folder).ok();
    Ok(Some((made, [built, gone])))
}
