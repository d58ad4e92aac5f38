//! Stands until its input ends, for the AWS CLI or boto3: `cargo run --example stand -- /path/to/moto_server`.

fn main() -> std::io::Result<()> {
    let moto = std::env::args().nth(1).unwrap_or_else(|| "moto_server".to_owned());
    let double = aws_double::Double::start(std::path::Path::new(&moto))?;
    println!("{}", double.endpoint());
    std::io::stdin().read_line(&mut String::new())?;
    for line in double.moto_said() {
        eprintln!("{line}");
    }
    for (action, times) in double.taken() {
        println!("{times:6} {action}");
    }
    Ok(())
}
