namespace Millrace.Load;

/// <summary>Maps the log's paths onto Township's pages: the same path always to the same page, and popular ones stay popular.</summary>
/// <remarks>
/// <list type="number">
/// <item>The path without its query is hashed (FNV-1a, 32 bits); h picks the page within a kind, ids count from 1.</item>
/// <item>The first folder chooses the kind of page:
/// <c>/</c> → the home page;
/// <c>/blog/tags/WORD</c> → search for WORD;
/// <c>/blog</c>, <c>/articles</c> → project h mod 500;
/// <c>/projects</c> → the dashboard of project h mod 500;
/// <c>/presentations</c> → question h mod 200;
/// <c>/images</c>, <c>/files</c> → organisation h mod 60;
/// <c>/misc</c>, <c>/scripts</c>, <c>/icons</c>, <c>/resume.*</c>, <c>/about</c>, <c>/kibana</c>, <c>/test.xml</c> → one of the three lists;
/// style sheets, the icon and <c>robots.txt</c> → Township's own static files;
/// anything else, such as scans for <c>/wp-login.php</c> → the path itself, which Township does not know either.</item>
/// <item>A query of the log (feeds, directory sorting) is dropped. GET, HEAD and OPTIONS stay what they are; the log's five POSTs
/// cast a vote on question h mod 200 over the API.</item>
/// </list>
/// </remarks>
internal static class TownshipPaths
{
    private const int Projects = 500;
    private const int Questions = 200;
    private const int Organisations = 60;
    private static readonly string[] Lists = ["/projects", "/questions", "/organisations"];

    public static string PageFor(string loggedPath)
    {
        var path = loggedPath.Split('?')[0];
        var hash = Fnv1a.Hash(path);
        var folders = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return folders switch
        {
            [] => "/",
            ["blog", "tags", var word, ..] => $"/search?q={Uri.EscapeDataString(Uri.UnescapeDataString(word))}",
            ["blog" or "articles", ..] => $"/projects/p{(hash % Projects) + 1}",
            ["projects", ..] => $"/projects/p{(hash % Projects) + 1}/dashboard",
            ["presentations", ..] => $"/questions/q{(hash % Questions) + 1}",
            ["images" or "image" or "files", ..] => $"/organisations/o{(hash % Organisations) + 1}",
            ["misc" or "scripts" or "icons" or "about" or "kibana" or "test.xml" or "resume.xml" or "resume.xsl" or "resume.css", ..] =>
                Lists[hash % Lists.Length],
            ["style2.css" or "reset.css"] => "/css/site.css",
            ["favicon.ico"] => "/favicon.svg",
            _ => path,
        };
    }

    public static string VoteFor(string loggedPath) => $"/api/questions/q{(Fnv1a.Hash(loggedPath) % Questions) + 1}/vote";
}
