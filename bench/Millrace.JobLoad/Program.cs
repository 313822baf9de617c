using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.JobLoad;
using Millrace.JobLoad.Roles;

var json = new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
if (args is [Side.RoleSwitch, var role, .. var arguments])
{
    Console.WriteLine(JsonSerializer.Serialize(await RoleTable.RunAsync(role, RoleOptions.Parse(arguments)), json));
    return 0;
}

IReadOnlyList<Figure> all = [.. RedisFigures.All, .. PostgresFigures.All, .. SqliteFigures.All, .. MemoryFigures.All, .. ScheduleFigures.All, .. DeepFigures.All];
if (JobLoadOptions.Parse(args, out var error) is not { } options || options.Names.Any(name => all.All(figure => figure.Name != name)))
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

var missing = 0;
foreach (var name in options.Names)
{
    var figure = all.First(figure => figure.Name == name);
    if (await figure.RunAsync(options) is { } line)
    {
        Console.WriteLine(JsonSerializer.Serialize(line, json));
    }
    else
    {
        missing++;
        await Console.Error.WriteLineAsync($"{name}: no figure, because the engine has no store on {figure.Store} yet; the other side's value stands above.");
    }
}

return missing == 0 ? 0 : 3;

static async Task PrintUsageAsync(IReadOnlyList<Figure> all)
{
    await Console.Error.WriteLineAsync(JobLoadOptions.Usage);
    await Console.Error.WriteLineAsync();
    foreach (var figure in all)
    {
        var note = StoreChoice.IsThere(figure.Store) ? "" : " [the other side only: no such store yet]";
        await Console.Error.WriteLineAsync($"  {figure.Name,-28} {figure.Description}{note}");
    }
}
