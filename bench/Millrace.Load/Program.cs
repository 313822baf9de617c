using Millrace.Load;

if (LoadOptions.Parse(args, out var error) is not { } options)
{
    await Console.Error.WriteLineAsync($"{error}\n\n{LoadOptions.Usage}");
    return 2;
}

if (options.Names.Count == 0 || options.Names.Any(static name => name != AccessLogFigure.Name))
{
    await Console.Error.WriteLineAsync(LoadOptions.Usage);
    return options.Names.Count == 0 ? 0 : 2;
}

using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    cancellation.Cancel();
};
return await new AccessLogFigure(options).RunAsync(cancellation.Token) ? 0 : 1;
