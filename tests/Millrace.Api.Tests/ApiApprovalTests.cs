using System.Reflection;

namespace Millrace.Api.Tests;

/// <summary>The public API of each package is a reviewed file, docs/api/PACKAGE.txt. A change of it shows in the diff of that file.</summary>
public sealed class ApiApprovalTests
{
    /// <summary>Set to 1, the tests write the files instead of comparing them: review and commit the difference.</summary>
    private const string ApproveVariable = "MILLRACE_APPROVE_API";

    public static TheoryData<string> Packages() =>
        ["Millrace.AspNetCore", "Millrace.Caching", "Millrace.Dashboard", "Millrace.Jobs", "Millrace.PostgreSql", "Millrace.Realtime", "Millrace.Redis", "Millrace.Sqlite"];

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task The_public_API_is_the_approved_one(string package)
    {
        var file = Path.Combine(Root(), "docs", "api", $"{package}.txt");
        var actual = ApiText.Of(Assembly.Load(package));
        if (Environment.GetEnvironmentVariable(ApproveVariable) == "1")
        {
            await File.WriteAllTextAsync(file, actual);
        }

        var approved = File.Exists(file) ? await File.ReadAllTextAsync(file) : "";
        Assert.True(
            approved == actual,
            $"The public API of {package} differs from docs/api/{package}.txt:\n{Difference(approved, actual)}\n"
            + $"If that is meant, run the tests of Millrace.Api.Tests once with {ApproveVariable}=1, review the file and add a changelog line.");
    }

    private static string Difference(string approved, string actual)
    {
        var (before, after) = (approved.Split('\n'), actual.Split('\n'));
        return string.Join('\n', before.Except(after).Select(static line => $"- {line}").Concat(after.Except(before).Select(static line => $"+ {line}")));
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Millrace.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("No folder above the tests holds Millrace.slnx.");
    }
}
