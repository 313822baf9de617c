using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Micro;

IReadOnlyList<Figure> all = [.. RedisFigures.All, .. CacheHitFigures.All, .. CacheStoreFigures.All, .. WriteBehindFigures.All, .. SecondLevelFigures.All, .. LagFigures.All];
if (MicroOptions.Parse(args, out var error) is not { } options || options.Names.Any(name => all.All(figure => figure.Name != name)))
{
    await Console.Error.WriteLineAsync(error ?? "There is no figure of that name.");
    await PrintUsageAsync(all);
    return 2;
}

if (options.Names.Count == 0)
{
    await PrintUsageAsync(all);
    return 0;
}

var json = new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
foreach (var name in options.Names)
{
    Console.WriteLine(JsonSerializer.Serialize(await all.First(figure => figure.Name == name).RunAsync(options), json));
}

return 0;

static async Task PrintUsageAsync(IReadOnlyList<Figure> all)
{
    await Console.Error.WriteLineAsync("Millrace.Micro NAME... [--seconds N] [--runs N]\n");
    foreach (var figure in all)
    {
        await Console.Error.WriteLineAsync($"  {figure.Name,-18} {figure.Description}");
    }

    await Console.Error.WriteLineAsync("""

          --seconds N   length of a run of each side (default 10)
          --runs N      runs; figures are medians (default 3)

        Each figure is one line of JSON on standard output; everything else goes to standard error.
        """);
}
