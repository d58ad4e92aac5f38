//! Stands until its input ends, for the AWS CLI, boto3, or a portal: `cargo run --example stand -- /path/to/moto_server [DOMAIN]`. Says where
//! it is, and which hosted zone it made for the domain.

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let moto = arguments.next().unwrap_or_else(|| "moto_server".to_owned());
    let double = aws_double::Double::start(std::path::Path::new(&moto))?;
    println!("{}", double.endpoint());
    if let Some(domain) = arguments.next() {
        println!("{}", double.add_hosted_zone(&domain)?);
    }
    std::io::stdin().read_line(&mut String::new())?;
    for line in double.moto_said() {
        eprintln!("{line}");
    }
    for (action, times) in double.taken() {
        println!("{times:6} {action}");
    }
    Ok(())
}
