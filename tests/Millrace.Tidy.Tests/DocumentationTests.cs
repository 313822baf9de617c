using System.Text.RegularExpressions;

namespace Millrace.Tidy.Tests;

/// <summary>Documentation that names what no longer exists fails here.</summary>
public sealed partial class DocumentationTests
{
    private static readonly HashSet<string> Words = ReadWords();

    /// <summary>Names of .NET and of other products that our documents may mention though our code does not.</summary>
    private static readonly HashSet<string> Elsewhere = new(StringComparer.Ordinal)
    {
        "BoundedLocalCache", "DefaultHybridCache", "Dockerfile", "FusionCache", "Hangfire", "MemoryCache", "IMemoryCache",
        "OutputCacheMiddleware", "HttpForwarder", "SourceLink", "StackExchange", "PolyForm", "Cronos", "NCrontab",

        // what the migration guides map from
        "AddMemoryCache", "GetOrCreate", "TryGetValue", "SizeLimit", "ExpirationTokens", "PostEvictionCallbacks", "ByteCount",
        "HybridCacheOptions", "DefaultEntryOptions", "DisableCompression", "ReportTagMetrics",
        "AddFusionCache", "AsHybridCache", "GetOrSet", "GetOrSetAsync", "GetOrDefault", "SetDuration", "RemoveByTag", "FusionCacheEntryOptions",
        "MemoryCacheDuration", "DistributedCacheDuration", "JitterMaxDuration", "SetSizeLimit", "WithDistributedCache", "WithSerializer",
        "DistributedCacheSoftTimeout", "DistributedCacheHardTimeout", "DistributedCacheCircuitBreakerDuration", "EnableAutoClone", "CacheKeyPrefix",
        "SkipMemoryCacheRead", "IgnoreIncomingBackplaneNotifications", "NotModified", "IsFailSafeEnabled", "FailSafeMaxDuration",
        "FactorySoftTimeout", "FactoryHardTimeout", "EagerRefreshThreshold", "FailSafeThrottleDuration",
        "AllowTimedOutFactoryBackgroundCompletion",
    };

    public static TheoryData<string> Documents() => [.. AllDocuments()];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_lead_somewhere(string document)
    {
        var folder = Path.GetDirectoryName(document) ?? "";
        var broken = Link().Matches(Repository.Read(document))
            .Select(static match => match.Groups[1].Value)
            .Where(static target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#') && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(target => !Repository.Exists(Path.Combine(folder, target.Split('#')[0])));

        Assert.Empty(broken);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Paths_exist(string document)
    {
        var missing = Span().Matches(WithoutFences(Repository.Read(document)))
            .Select(static match => match.Groups[1].Value)
            .Where(static span => RepositoryPath().IsMatch(span))
            .Where(static span => !Repository.Exists(span.TrimEnd('/')));

        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Names_exist(string document)
    {
        var text = Repository.Read(document);
        var code = Span().Matches(WithoutFences(text)).Select(static match => match.Groups[1].Value)
            .Concat(Fence().Matches(text).Select(static match => match.Groups[1].Value));
        var unknown = code
            .SelectMany(static span => Identifier().Matches(StringLiteral().Replace(span, "\"\"")).Select(static match => match.Value))
            .Where(static name => !Words.Contains(name) && !Elsewhere.Contains(name))
            .Distinct(StringComparer.Ordinal);

        Assert.Empty(unknown);
    }

    /// <summary>A comment before a fence names the program it is taken from, which is built: each of its paragraphs stands there, line by line.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void A_fence_that_names_its_source_is_part_of_it(string document)
    {
        foreach (Match match in SourcedFence().Matches(Repository.Read(document)))
        {
            var source = '\n' + string.Join('\n', Repository.ReadLines(match.Groups["source"].Value).Select(static line => line.Trim())) + '\n';
            foreach (var paragraph in match.Groups["code"].Value.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
            {
                var lines = string.Join('\n', paragraph.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Trim()));
                Assert.True(source.Contains($"\n{lines}\n", StringComparison.Ordinal), $"{document} shows what is not in {match.Groups["source"].Value}:\n{lines}");
            }
        }
    }

    [Fact]
    public void Decisions_are_numbered_once_and_say_the_four_things()
    {
        var decisions = Repository.Files("docs/decisions", ".md").ToList();
        var numbers = decisions.Select(static file => Path.GetFileName(file).Split('-')[0]).ToList();

        Assert.Equal(numbers.Distinct(StringComparer.Ordinal), numbers);
        foreach (var decision in decisions)
        {
            var text = Repository.Read(decision);
            foreach (var heading in new[] { "## Context", "## Options", "## Choice", "## Consequences" })
            {
                Assert.True(text.Contains(heading, StringComparison.Ordinal), $"{decision} has no {heading}.");
            }
        }
    }

    [Fact]
    public void The_readme_names_both_commands()
    {
        var readme = Repository.Read("README.md");

        Assert.Contains("./run", readme, StringComparison.Ordinal);
        Assert.Contains("./test", readme, StringComparison.Ordinal);
    }

    [Fact]
    public void The_readme_s_first_use_is_the_sample_that_is_built()
    {
        var shown = Fence().Match(Repository.Read("README.md")).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var built = Repository.ReadLines("samples/web.cs")
            .Where(static line => line.Length > 0 && !line.StartsWith('#') && !line.StartsWith("// Run:", StringComparison.Ordinal));

        Assert.Equal(built, shown);
    }

    [Fact]
    public void Every_option_is_in_the_readme_s_tables()
    {
        var readme = Repository.Read("README.md");
        var missing = Repository.Files("src", ".cs").Where(static file => file.Count(static c => c == '/') == 2) // public ones
            .Concat(Repository.Files("app", ".cs"))
            .Where(static file => file.EndsWith("Options.cs", StringComparison.Ordinal) || file.EndsWith("Settings.cs", StringComparison.Ordinal))
            .Where(static file => !file.EndsWith("EnqueueOptions.cs", StringComparison.Ordinal)) // of one call, not of the application
            .SelectMany(static file => Option().Matches(Repository.Read(file)).Select(match => $"{Path.GetFileNameWithoutExtension(file)}.{match.Groups[1].Value}"))
            .Where(option => !readme.Contains(option.Split('.')[1], StringComparison.Ordinal));

        Assert.Empty(missing);
    }

    private static IEnumerable<string> AllDocuments() =>
        Directory.GetFiles(Repository.Root, "*.md").Select(static path => Path.GetFileName(path)!)
            .Concat(Repository.Files("docs", ".md")).Concat(Repository.Files("src", ".md"));

    private static string WithoutFences(string text) => Fence().Replace(text, "");

    /// <summary>Every identifier of the code, ours and what ours uses.</summary>
    private static HashSet<string> ReadWords()
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (var folder in new[] { "src", "app", "bench", "samples", "tests" })
        {
            foreach (var file in Repository.Files(folder, ".cs", ".js", ".cshtml", ".csproj", ".sql", ".json"))
            {
                foreach (Match match in AnyWord().Matches(Repository.Read(file)))
                {
                    words.Add(match.Value);
                }

                words.Add(Path.GetFileNameWithoutExtension(file));
            }
        }

        return words;
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)", RegexOptions.None, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"`([^`\n]+)`", RegexOptions.None, 1000)]
    private static partial Regex Span();

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline, 1000)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^<!-- (?<source>(?:samples|tests)/[\w./-]+\.cs) -->\n```csharp\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline, 1000)]
    private static partial Regex SourcedFence();

    [GeneratedRegex(@"^(src|app|tests|bench|samples|docs|clients|deploy)/[\w./-]+$", RegexOptions.None, 1000)]
    private static partial Regex RepositoryPath();

    // Two capitals or a capital after a small letter: UseSqlite, IJobHandler; plain words stay prose.
    [GeneratedRegex(@"\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b|\bI[A-Z][A-Za-z0-9]+\b", RegexOptions.None, 1000)]
    private static partial Regex Identifier();

    [GeneratedRegex(@"""[^""\n]*""", RegexOptions.None, 1000)]
    private static partial Regex StringLiteral();

    [GeneratedRegex(@"^    public [\w<>?., ]+ (\w+) \{ get; (?:set; )?\}", RegexOptions.Multiline, 1000)]
    private static partial Regex Option();

    [GeneratedRegex(@"\w+", RegexOptions.None, 5000)]
    private static partial Regex AnyWord();
}
