using System.Text.RegularExpressions;

namespace Millrace.Tidy.Tests;

/// <summary>docs/job-faults.md names, for each of the faults that other job engines had, the tests that show that ours has it not: they exist and say so themselves.</summary>
public sealed partial class JobFaultTests
{
    private const string Document = "docs/job-faults.md";
    private const int Faults = 14;

    [Fact]
    public void Every_fault_has_its_row_and_its_tests()
    {
        var named = Rows().ToLookup(static row => row.Fault, static row => row.Test);

        Assert.Equal(Enumerable.Range(1, Faults), named.Select(static fault => fault.Key).Order());
    }

    [Fact]
    public void Every_test_that_is_named_exists_and_carries_the_fault_s_number()
    {
        var marked = Marked().ToHashSet();

        Assert.DoesNotContain(Rows(), row => !marked.Contains(row));
    }

    /// <summary>Fault and test of each name in the table's last column.</summary>
    private static IEnumerable<(int Fault, string Test)> Rows() => Row().Matches(Repository.Read(Document)).SelectMany(static row =>
        TestName().Matches(row.Groups["tests"].Value).Select(name => (int.Parse(row.Groups["fault"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture), name.Groups[1].Value)));

    /// <summary>Fault and test of each trait: of the test itself, or of its class.</summary>
    private static IEnumerable<(int Fault, string Test)> Marked()
    {
        foreach (var file in Repository.Files("tests", ".cs"))
        {
            var ofClass = new HashSet<int>();
            var pending = new HashSet<int>();
            var isTest = false;
            foreach (var line in Repository.ReadLines(file))
            {
                if (line.TrimStart().StartsWith('['))
                {
                    isTest |= Attribute().IsMatch(line);
                    pending.UnionWith(Peer().Matches(line).Select(static match => int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)));
                }
                else if (Class().IsMatch(line))
                {
                    (ofClass, pending, isTest) = ([.. pending], [], false);
                }
                else if (Method().Match(line) is { Success: true } method)
                {
                    foreach (var fault in isTest ? pending.Union(ofClass) : [])
                    {
                        yield return (fault, method.Groups[1].Value);
                    }

                    (pending, isTest) = ([], false);
                }
            }
        }
    }

    [GeneratedRegex(@"^\| (?<fault>\d+) \|.*\|(?<tests>[^|]*)\|$", RegexOptions.Multiline, 1000)]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Z]\\w+)`", RegexOptions.None, 1000)]
    private static partial Regex TestName();

    [GeneratedRegex("Trait\\(\"peer\", \"(\\d+)\"\\)", RegexOptions.None, 1000)]
    private static partial Regex Peer();

    [GeneratedRegex(@"\[(Fact|Theory)\b", RegexOptions.None, 1000)]
    private static partial Regex Attribute();

    [GeneratedRegex(@"^(public|internal) [\w ]*class \w+", RegexOptions.None, 1000)]
    private static partial Regex Class();

    [GeneratedRegex(@"^    public (?:async )?(?:Task|ValueTask|void) (\w+)\(", RegexOptions.None, 1000)]
    private static partial Regex Method();
}
