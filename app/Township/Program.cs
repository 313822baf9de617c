using Township.Platform.Web;

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions
    {
        Args = args,
        ApplicationName = "Township",
        ContentRootPath = AppContext.BaseDirectory, // the pages come with the program, wherever it is started
    });
    builder.AddTownship();

    await using var app = builder.Build();
    app.UseTownship();
    await app.StartAsync();
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception exception) when (StartFailure.Explain(exception) is { } sentence)
{
    await Console.Error.WriteLineAsync(sentence);
    return 1;
}
